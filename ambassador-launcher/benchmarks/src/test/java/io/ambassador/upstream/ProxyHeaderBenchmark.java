package io.ambassador.upstream;

import io.ambassador.service.ProxyProtocolSpec.Send;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What the PROXY header costs a connection, its encoder's coming and going included. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ProxyHeaderBenchmark {
    @Param({"V1", "V2"})
    public Send version;

    private final InetSocketAddress client = new InetSocketAddress("192.0.2.17", 40_123);
    private final InetSocketAddress destination = new InetSocketAddress("127.0.0.1", 6379);
    private final EmbeddedChannel backend = new EmbeddedChannel();

    @Benchmark
    public void write() {
        ProxyHeader.write(backend, version, client, destination);
        for (Object written = backend.readOutbound(); written != null; written = backend.readOutbound()) {
            ReferenceCountUtil.release(written);
        }
    }

    @TearDown
    public void close() {
        backend.finishAndReleaseAll();
    }
}
