package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambassador.benchmarks.PasswordLogin;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What PostgreSQL's protocol costs a connection. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class PostgresqlBenchmark {
    private static final String NONCE = "rOprNGfwEbeRWgbNEkqOAAAA";
    private static final byte[] SALT = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    private static final int ITERATIONS = 4096;
    /** What a server of version 15 says of itself. */
    private static final Map<String, String> PARAMETERS = Map.ofEntries(
            Map.entry("application_name", "orders"),
            Map.entry("client_encoding", "UTF8"),
            Map.entry("DateStyle", "ISO, MDY"),
            Map.entry("default_transaction_read_only", "off"),
            Map.entry("in_hot_standby", "off"),
            Map.entry("integer_datetimes", "on"),
            Map.entry("IntervalStyle", "postgres"),
            Map.entry("is_superuser", "off"),
            Map.entry("server_encoding", "UTF8"),
            Map.entry("server_version", "15.14"),
            Map.entry("session_authorization", "orders"),
            Map.entry("standard_conforming_strings", "on"),
            Map.entry("TimeZone", "Etc/UTC"));

    private final PasswordLogin login = new PasswordLogin();
    private final LoginMeans means = new LoginMeans(LoginRules.DEFAULT, new ScramKeyCache());
    private final EmbeddedChannel backend = new EmbeddedChannel();
    private final Startup startup =
            new Startup(Startup.VERSION_3_0, Map.of("user", "app", "database", "orders", "application_name", "orders"));
    private final ByteBuf packet = startup.encode(backend.alloc());
    private final ByteBuf welcome = welcome();
    private final byte[] serverFirst = ("r=" + NONCE + "serverpart,s="
                    + Base64.getEncoder().encodeToString(SALT) + ",i=" + ITERATIONS)
            .getBytes(US_ASCII);
    private ScramKeys keys;
    private byte[] serverFinal;

    private static ByteBuf welcome() {
        ByteBuf bytes = Unpooled.directBuffer();
        bytes.writeByte('R').writeInt(8).writeInt(0);
        PARAMETERS.forEach((name, value) -> {
            byte[] body = (name + '\0' + value + '\0').getBytes(US_ASCII);
            bytes.writeByte('S').writeInt(4 + body.length).writeBytes(body);
        });
        bytes.writeByte('K').writeInt(12).writeInt(4711).writeInt(0x5eed);
        return bytes.writeByte('Z').writeInt(5).writeByte('I');
    }

    @Setup
    public void prepare() throws Exception {
        keys = ScramKeys.derive(login.secret(), SALT, ITERATIONS);
        Scram scram = begun();
        String said = scram.clientFirst().substring("n,,".length()) + "," + new String(serverFirst, ISO_8859_1) + ","
                + new String(scram.proof(keys), ISO_8859_1).replaceAll(",p=.*", "");
        serverFinal = ("v=" + Base64.getEncoder().encodeToString(keys.serverSignature(said.getBytes(ISO_8859_1))))
                .getBytes(US_ASCII);
    }

    private Scram begun() throws Exception {
        Scram scram = new Scram("SCRAM-SHA-256", "n,,", new byte[0], "", NONCE);
        scram.challenged(serverFirst);
        return scram;
    }

    /** The first time: what takes the time of a login by SCRAM, and is not done on an event loop. */
    @Benchmark
    public ScramKeys scramKeys() throws Exception {
        return ScramKeys.derive(login.secret(), SALT, ITERATIONS);
    }

    /** Every time, once the keys are known. */
    @Benchmark
    public byte[] scramExchange() throws Exception {
        Scram scram = begun();
        byte[] proof = scram.proof(keys);
        scram.verify(serverFinal);
        return proof;
    }

    /** The rest of a login: startup out, thirteen parameters in, and the handler's coming and going. */
    @Benchmark
    public Admission login() {
        Promise<Void> ready = ImmediateEventExecutor.INSTANCE.newPromise();
        Admission[] admitted = new Admission[1];
        backend.pipeline()
                .addLast(new ClientLogin(
                        ready, login, means, startup, known -> admitted[0] = known, error -> {}, state -> {}));
        ReferenceCountUtil.release(backend.readOutbound());
        backend.writeInbound(welcome.retainedDuplicate());
        if (!ready.isSuccess()) {
            throw new IllegalStateException(ready.cause());
        }
        return admitted[0];
    }

    /** What a client opens with, read. */
    @Benchmark
    public Startup startup() {
        return Startup.parse(packet.readerIndex(4));
    }

    @TearDown
    public void release() {
        backend.finishAndReleaseAll();
        packet.release();
        welcome.release();
    }
}
