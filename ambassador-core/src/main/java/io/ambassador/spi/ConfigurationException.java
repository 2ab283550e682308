package io.ambassador.spi;

import java.util.List;

/** Configuration that cannot be used; the message lists every problem found, one a line. */
public final class ConfigurationException extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    public ConfigurationException(List<String> problems) {
        super(String.join(System.lineSeparator(), escaped(problems)));
        this.problems = escaped(problems);
    }

    public ConfigurationException(String problem) {
        this(List.of(problem));
    }

    /** Values are quoted, and configuration may come from anywhere. */
    private static List<String> escaped(List<String> problems) {
        return problems.stream().map(PeerText::escape).toList();
    }

    /** Each problem with its origin, key, value, and what was expected. */
    public List<String> problems() {
        return problems;
    }
}
