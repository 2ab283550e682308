package io.ambassador.examples;

import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the {@code console} blocks of one page tell readers to type, one after the other, and what it says they will see.
 * Ports of five digits become free ones, and {@code /tmp} a folder of its own.
 */
final class Example {
    /** @param seen lines that follow the command in the document; of several commands joined, those of all */
    record Step(String command, List<String> seen) {
        boolean inBackground() {
            return command.endsWith("&");
        }
    }

    private static final Pattern PORT = Pattern.compile("(?<![A-Za-z0-9])1\\d{4}(?![A-Za-z0-9])");
    private static final Pattern HERE = Pattern.compile("<<'?(\\w+)'?");

    private final List<Step> steps;
    private final Map<String, Integer> ports;

    private Example(List<Step> steps, Map<String, Integer> ports) {
        this.steps = steps;
        this.ports = ports;
    }

    static Example of(Path page, Path folder) throws IOException {
        Map<String, Integer> ports = new LinkedHashMap<>();
        List<Step> steps = new ArrayList<>();
        for (Step step : read(Files.readAllLines(page))) {
            steps.add(new Step(
                    adapt(step.command(), ports, folder),
                    step.seen().stream().map(line -> adapt(line, ports, folder)).toList()));
        }
        return new Example(steps, ports);
    }

    List<Step> steps() {
        return steps;
    }

    /** Ports of this run. */
    Collection<Integer> ports() {
        return ports.values();
    }

    /** Those that an adapted {@code command} names. */
    List<Integer> portsIn(String command) {
        return ports.values().stream()
                .filter(port ->
                        Pattern.compile("\\b" + port + "\\b").matcher(command).find())
                .toList();
    }

    /** Whether {@code page} has anything to type. */
    static boolean isIn(Path page) throws IOException {
        return !read(Files.readAllLines(page)).isEmpty();
    }

    private static List<Step> read(List<String> lines) {
        List<Step> steps = new ArrayList<>();
        boolean inside = false;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith("```")) {
                inside = line.equals("```console");
            } else if (inside && line.startsWith("$ ")) {
                StringBuilder command = new StringBuilder(line.substring(2));
                Matcher here = HERE.matcher(line);
                String end = here.find() ? here.group(1) : null;
                while (end != null && !lines.get(i).equals(end) || lines.get(i).endsWith("\\")) {
                    i++;
                    command.append('\n').append(lines.get(i));
                }
                steps.add(new Step(command.toString().strip(), new ArrayList<>()));
            } else if (inside && !steps.isEmpty()) {
                steps.get(steps.size() - 1).seen().add(line);
            }
        }
        return steps;
    }

    private static String adapt(String text, Map<String, Integer> ports, Path folder) {
        Matcher port = PORT.matcher(text);
        String adapted = port.replaceAll(
                found -> Integer.toString(ports.computeIfAbsent(found.group(), number -> Ports.free())));
        return adapted.replace("/tmp/", folder + "/");
    }
}
