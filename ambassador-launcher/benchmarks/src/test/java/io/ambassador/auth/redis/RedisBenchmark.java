package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambassador.benchmarks.PasswordLogin;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What Redis' protocol costs a connection, and each command where commands are looked at. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class RedisBenchmark {
    private static final int COMMANDS = 16;
    private static final String COMMAND = "*3\r\n$3\r\nSET\r\n$10\r\norder:4711\r\n$5\r\nhello\r\n";

    private final PasswordLogin login = new PasswordLogin();
    private final EmbeddedChannel backend = new EmbeddedChannel();
    private final ByteBuf ok = Unpooled.directBuffer().writeBytes("+OK\r\n".getBytes(US_ASCII));
    private final ReplyScanner replies = new ReplyScanner();
    private final ByteBuf pipeline =
            Unpooled.directBuffer().writeBytes(COMMAND.repeat(COMMANDS).getBytes(US_ASCII));
    private final CommandParser commands = new CommandParser();

    /** The whole exchange: {@code AUTH} out, its answer in, and the handler's coming and going. */
    @Benchmark
    public boolean login() {
        Promise<Void> ready = ImmediateEventExecutor.INSTANCE.newPromise();
        backend.pipeline().addLast(new RedisLoginHandler(ready, login));
        ReferenceCountUtil.release(backend.readOutbound());
        backend.writeInbound(ok.retainedDuplicate());
        if (!ready.isSuccess()) {
            throw new IllegalStateException(ready.cause());
        }
        return true;
    }

    @Benchmark
    public Reply reply() throws Exception {
        ok.readerIndex(0);
        return replies.next(ok);
    }

    @Benchmark
    @OperationsPerInvocation(COMMANDS)
    public int command() throws Exception {
        pipeline.readerIndex(0);
        int found = 0;
        while (commands.next(pipeline) != null && commands.skip(pipeline)) {
            found++;
        }
        if (found != COMMANDS) {
            throw new IllegalStateException(found + " commands");
        }
        return found;
    }

    @TearDown
    public void release() {
        backend.finishAndReleaseAll();
        ok.release();
        pipeline.release();
    }
}
