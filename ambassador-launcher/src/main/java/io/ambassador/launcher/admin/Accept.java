package io.ambassador.launcher.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a client would like to be answered with.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1">RFC 9110, section 12.5.1 (Accept)</a>
 */
final class Accept {
    private record Range(String type, List<String> parameters, double quality) {}

    private final List<Range> ranges = new ArrayList<>();

    /** @param headers each {@code Accept} header there is */
    Accept(List<String> headers) {
        for (String header : headers) {
            for (String range : header.toLowerCase(Locale.ROOT).split(",")) {
                add(range);
            }
        }
    }

    private void add(String text) {
        String[] parts = text.split(";");
        List<String> parameters = new ArrayList<>();
        double quality = 1;
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].trim();
            if (parameter.startsWith("q=")) {
                quality = parse(parameter.substring(2));
            } else {
                parameters.add(parameter);
            }
        }
        ranges.add(new Range(parts.length == 0 ? "" : parts[0].trim(), parameters, quality));
    }

    private static double parse(String text) {
        return text.matches("0(\\.\\d{0,3})?|1(\\.0{0,3})?") ? Double.parseDouble(text) : 0; // nonsense is not wanted
    }

    /**
     * How much a type is wanted, asked for by its name: 0 not at all, 1 most of all.
     *
     * @param version of what it would be answered with; a wish for another does not count
     */
    double quality(String type, String version) {
        return ranges.stream()
                .filter(range -> range.type().equals(type))
                .filter(range -> range.parameters().stream()
                        .filter(parameter -> parameter.startsWith("version="))
                        .allMatch(parameter -> parameter.replace("\"", "").equals("version=" + version)))
                .mapToDouble(Range::quality)
                .max()
                .orElse(0);
    }
}
