package io.ambassador.spi;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Suggestions for misspelt words. */
public final class Words {
    private Words() {}

    /** {@code "did you mean consul? known: consul, dns, srv"}, or only the second half where nothing is near. */
    public static String didYouMean(String word, Collection<String> known) {
        String nearest = nearest(word, known);
        String list = "known: " + (known.isEmpty() ? "none" : String.join(", ", known));
        return nearest == null ? list : "did you mean " + nearest + "? " + list;
    }

    /** The known word within a third of the length (at least two edits) of {@code word}; {@code null} if none is. */
    public static @Nullable String nearest(String word, Collection<String> known) {
        String wanted = word.toLowerCase(Locale.ROOT);
        String best = null;
        int bestDistance = Math.max(2, wanted.length() / 3) + 1;
        for (String candidate : List.copyOf(known)) {
            int distance = distance(wanted, candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best;
    }

    /** Levenshtein's edit distance. */
    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replace, Math.min(previous[j], row[j - 1]) + 1);
            }
            previous = row;
        }
        return previous[b.length()];
    }
}
