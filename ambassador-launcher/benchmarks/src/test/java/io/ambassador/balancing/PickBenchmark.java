package io.ambassador.balancing;

import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What choosing an endpoint costs a connection. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class PickBenchmark {
    private static final int CLIENTS = 1024;

    /** @param tried compared by identity; {@code null} at first */
    private record Attempt(SocketAddress client, Candidate tried) implements Pick {
        @Override
        public boolean tried(Candidate candidate) {
            return candidate == tried;
        }
    }

    @Param({"round-robin", "least-connections", "random", "peak-ewma", "consistent-hash", "first"})
    public String policy;

    @Param({"3", "30", "300"})
    public int endpoints;

    private Picker picker;
    private Pick[] first;
    private Pick[] second;
    private int turn;

    @Setup
    public void build() {
        List<TestCandidate> candidates = TestCandidate.equal(endpoints);
        for (int i = 0; i < endpoints; i++) {
            candidates.get(i).connections(i * 7 % 11);
            candidates.get(i).latencyNanos(1_000_000 + i * 7919 % 100_000);
        }
        picker = provider().create(new NoSettings()).picker(List.copyOf(candidates));
        first = new Pick[CLIENTS];
        second = new Pick[CLIENTS];
        for (int i = 0; i < CLIENTS; i++) {
            SocketAddress client = TestPick.from(i).client();
            first[i] = new Attempt(client, null);
            second[i] = new Attempt(client, picker.pick(first[i]));
        }
    }

    @SuppressWarnings("unchecked")
    private BalancingPolicyProvider<NoSettings> provider() {
        return Stream.of(
                        new RoundRobinProvider(),
                        new LeastConnectionsProvider(),
                        new RandomProvider(),
                        new PeakEwmaProvider(),
                        new ConsistentHashProvider(),
                        new FirstProvider())
                .filter(provider -> provider.type().equals(policy))
                .findFirst()
                .orElseThrow();
    }

    @Benchmark
    public Candidate firstAttempt() {
        return picker.pick(first[turn++ & CLIENTS - 1]);
    }

    @Benchmark
    public Candidate secondAttempt() {
        return picker.pick(second[turn++ & CLIENTS - 1]);
    }
}
