package io.ambassador.spi;

import java.util.List;

/** Configuration that cannot be used; the message lists every problem found, one a line. */
public final class ConfigurationException extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    public ConfigurationException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
        this.problems = List.copyOf(problems);
    }

    public ConfigurationException(String problem) {
        this(List.of(problem));
    }

    /** Each problem with its origin, key, value, and what was expected. */
    public List<String> problems() {
        return problems;
    }
}
