package io.ambassador.balancing;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import io.ambassador.spi.balancing.Picker;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Weighted rendezvous hashing on the client's address without its port: every candidate bids for a client, the highest
 * bid wins. A candidate that goes moves only its own clients, each to its second choice; one that comes takes only the
 * clients it wins. The same in every process and after every restart, whatever the order of the candidates.
 *
 * @see <a href="https://www.ietf.org/archive/id/draft-ietf-bess-weighted-hrw-02.html">Weighted HRW</a>
 */
final class RendezvousPicker implements Picker {
    private static final long FNV_OFFSET = 0xCBF29CE484222325L;
    private static final long FNV_PRIME = 0x100000001B3L;

    private final Candidate[] candidates;
    private final long[] seeds;
    private final double[] shares; // of a weight: what a bid is divided by
    private final boolean equalWeights;

    private RendezvousPicker(Candidate[] candidates, long[] seeds, double[] shares, boolean equalWeights) {
        this.candidates = candidates;
        this.seeds = seeds;
        this.shares = shares;
        this.equalWeights = equalWeights;
    }

    static RendezvousPicker of(List<Candidate> given) {
        Candidate[] candidates = given.toArray(Candidate[]::new);
        long[] seeds = new long[candidates.length];
        double[] shares = new double[candidates.length];
        boolean equal = true;
        for (int i = 0; i < candidates.length; i++) {
            seeds[i] = hash(candidates[i].endpoint().address().getBytes(StandardCharsets.UTF_8));
            shares[i] = 1.0 / candidates[i].weight();
            equal &= candidates[i].weight() == candidates[0].weight();
        }
        return new RendezvousPicker(candidates, seeds, shares, equal);
    }

    @Override
    public @Nullable Candidate pick(Pick pick) {
        long client = hash(key(pick.client()));
        return equalWeights ? highest(client, pick) : soonest(client, pick);
    }

    private @Nullable Candidate highest(long client, Pick pick) {
        Candidate winner = null;
        long highest = 0;
        for (int i = 0; i < candidates.length; i++) {
            long bid = mix(client ^ seeds[i]) >>> 11;
            if ((winner == null || bid > highest) && !pick.tried(candidates[i])) {
                winner = candidates[i];
                highest = bid;
            }
        }
        return winner;
    }

    /** The least of exponential variables with these rates; with equal rates, the same winner as the highest bid. */
    private @Nullable Candidate soonest(long client, Pick pick) {
        Candidate winner = null;
        double soonest = 0;
        for (int i = 0; i < candidates.length; i++) {
            double uniform = ((mix(client ^ seeds[i]) >>> 11) + 1) * 0x1p-53;
            if (winner != null && (1 - uniform) * shares[i] >= soonest) {
                continue; // 1 - u is never more than -ln u: most lose without a logarithm
            }
            double time = -Math.log(uniform) * shares[i];
            if ((winner == null || time < soonest) && !pick.tried(candidates[i])) {
                winner = candidates[i];
                soonest = time;
            }
        }
        return winner;
    }

    private static byte[] key(SocketAddress client) {
        if (client instanceof InetSocketAddress inet) {
            return inet.getAddress() != null
                    ? inet.getAddress().getAddress()
                    : inet.getHostString().getBytes(StandardCharsets.UTF_8);
        }
        return client.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** FNV-1a, then mixed. */
    private static long hash(byte[] bytes) {
        long hash = FNV_OFFSET;
        for (byte b : bytes) {
            hash = (hash ^ (b & 0xff)) * FNV_PRIME;
        }
        return mix(hash);
    }

    /** The finalizer of SplitMix64. */
    private static long mix(long bits) {
        long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
