package io.ambassador.launcher.config;

import io.ambassador.spi.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Every key there is, once: {@code docs/configuration.md}, environment variables and {@code check} are made from this
 * table, and a test holds it against what the readers ask for.
 */
public final class Reference {
    /**
     * @param path below {@code ambassador}, or below a service
     * @param type in words, for people
     * @param fallback the value that an absent key stands for; empty if there is none
     */
    public record Key(String path, String type, String fallback, String meaning) {
        /** Whether keys of a provider's own stand below this one. */
        boolean open() {
            return type.contains("block");
        }
    }

    /** Keys outside services. */
    public static final List<Key> GLOBAL = List.of(
            key(
                    "discovery.cache-directory",
                    "path",
                    "",
                    "Where the last known endpoints are kept, so that a restart during an outage of discovery still"
                            + " serves. Absent: they are not kept."),
            key(
                    "admin.listen",
                    "address or `off`",
                    "127.0.0.1:9901",
                    "Where probes, metrics and the API are served; also `unix:/run/ambassador.sock`. Beyond loopback"
                            + " `admin.token` is required."),
            key(
                    "admin.token",
                    "block naming one secret source, or text",
                    "",
                    "Who changes something must show it, as `Authorization: Bearer …`: `{ file = … }` and the other"
                            + " sources of `credentials.password`."),
            key(
                    "admin.token-for",
                    "`mutations`, `everything`",
                    "",
                    "What needs the token; probes never do. Absent: `mutations` on this machine, `everything` on an"
                            + " address beyond loopback."),
            key(
                    "admin.hosts",
                    "list of names",
                    "[]",
                    "Names by which it is asked, beside `localhost`, loopback addresses and, beyond loopback, any"
                            + " address. Other `Host` headers are refused."),
            key(
                    "admin.uids",
                    "list of numbers",
                    "[]",
                    "Users at the other end of its unix socket. Empty: all that may open it."),
            key(
                    "log.level",
                    "level, or list",
                    "info",
                    "What is logged: `info`, or for some loggers another, `[info, \"service.redis=debug\"]`; see"
                            + " [log](command-line.md#log). `--log-level` wins."),
            key("log.format", "`text`, `json`", "text", "How a line is written. `--log-format` wins."),
            key(
                    "reload.watch",
                    "boolean",
                    "false",
                    "Whether a change of the configuration's files, included ones too, is a reload by itself; see"
                            + " [change while running](operations.md#change-while-running)."),
            key(
                    "event-loops",
                    "number 1-256",
                    "",
                    "Threads that relay. Absent: half the processors, at least 1 and at most 4."));

    /** Keys of a service, and of {@code defaults}. */
    public static final List<Key> SERVICE = List.of(
            key(
                    "listen",
                    "address, or list",
                    "",
                    "Where the application dials: `6379` (loopback), `127.0.0.1:6379`, `\"[::1]:6379\"`, `\"*:6379\"`"
                            + " (every address) or `\"unix:/run/app/redis.sock\"`. Required."),
            key(
                    "protocol",
                    "word",
                    "tcp",
                    "Decides greeting, login, default probe and error replies. Its own settings stand in a block of"
                            + " the service named like it."),
            key(
                    "discovery",
                    "URI, block with `type`, or list",
                    "",
                    "Where the endpoints come from; of several sources the first that has endpoints wins."
                            + " `{ merge = [ … ] }` uses [several together](discovery/composition.md). Required."),
            key(
                    "role",
                    "`any`, `primary`, `replica`, `prefer-replica`",
                    "any",
                    "Which servers of a replicated service are wanted."),
            key(
                    "balancing",
                    "word, or block with `type`",
                    "round-robin",
                    "Which endpoint the next connection goes to."),
            key("credentials.username", "text", "", "Who to log in as. Absent: a password alone logs in."),
            key(
                    "credentials.password",
                    "block naming one secret source, or text",
                    "",
                    "`{ file = … }`, `{ credential = NAME }`, `{ env = NAME }`, `{ command = [ … ] }`. Required within `credentials`. Text is"
                            + " the password itself, and warned about."),
            key(
                    "credentials.insecure",
                    "boolean",
                    "false",
                    "Whether they may be sent over a network without verified TLS."),
            key(
                    "credentials.next",
                    "block naming one secret source, or text",
                    "",
                    "The password that is about to come: tried when the server refuses the present one. It need not"
                            + " exist yet."),
            key(
                    "credentials.keep-previous",
                    "duration or `off`",
                    "1h",
                    "How long the password before the last change is kept, for servers that do not know the new one"
                            + " yet."),
            key(
                    "credentials.rotation-wait",
                    "duration or `off`",
                    "10s",
                    "How long clients are held when a password that was accepted no longer is, until a newer one is"
                            + " read."),
            key(
                    "credentials.on-rotation",
                    "`keep`, `drain(30s)`, or block with `drain`",
                    "keep",
                    "Connections logged in with an older password: kept, or closed when quiet, and after this long"
                            + " whatever they do."),
            key(
                    "client-credentials",
                    "`accept-any`, `reject`, or block",
                    "accept-any",
                    "What becomes of credentials that a client shows to a service with `credentials`; they never go"
                            + " further. `reject`: whoever shows any is refused. A block `{ username = …, password = …"
                            + " }` (`mode = verify`): each client must show these; the password is written as in"
                            + " `credentials`."),
            key("tls.enabled", "boolean", "true", "TLS to the endpoints; without a `tls` block there is none."),
            key(
                    "tls.server-name",
                    "text",
                    "",
                    "What the certificate must be for. Required with TLS; never taken from discovery."),
            key("tls.ca", "path", "", "PEM certificates to trust. Absent: the JVM's."),
            key("tls.certificate", "path", "", "PEM chain of the client certificate; with `key`."),
            key("tls.key", "path", "", "PEM private key (PKCS #8) of the client certificate; with `certificate`."),
            key(
                    "client-tls.certificate",
                    "path",
                    "",
                    "PEM chain, leaf first, for TLS to the clients; without a `client-tls` block there is none."),
            key("client-tls.key", "path", "", "PEM private key (PKCS #8) of that certificate."),
            key(
                    "client-tls.client-ca",
                    "path",
                    "",
                    "PEM certificates: each client must show one that they vouch for. Absent: clients need none."),
            key(
                    "client-tls.mode",
                    "`require`, `offer`",
                    "require",
                    "`offer`: clients that do not ask for TLS are served, too; for protocols in which the client asks."),
            key(
                    "health.probe",
                    "word or `off`",
                    "",
                    "What an endpoint is asked. Absent: the protocol's own probe, else a TCP connection. Its settings"
                            + " stand in a block of `health` named like it."),
            key("health.interval", "duration", "5s", "Between two probes of one endpoint, a tenth more or less."),
            key("health.timeout", "duration", "1s", "Of one probe, from connect to answer."),
            key("health.unhealthy-after", "number 1-1000", "3", "Failed probes in a row."),
            key("health.healthy-after", "number 1-1000", "1", "Successful probes in a row."),
            key(
                    "health.panic-threshold",
                    "share",
                    "50%",
                    "Below this share of available endpoints all are used. `0%`: never."),
            key(
                    "health.slow-start",
                    "duration or `off`",
                    "off",
                    "How long a new or recovered endpoint takes to reach its whole weight."),
            key(
                    "health.outlier.consecutive-failures",
                    "number 1-1000",
                    "5",
                    "Failures to connect or log in, after which an endpoint is ejected. `health.outlier = off`:"
                            + " never."),
            key(
                    "health.outlier.eject-for",
                    "duration",
                    "10s",
                    "Before one connection is let through to try an ejected endpoint."),
            key("health.outlier.max-ejected", "share", "50%", "Of the endpoints, ejected at once."),
            key(
                    "locality.zone",
                    "text",
                    "",
                    "Where this ambassador stands, as the service's sources name zones: endpoints there are preferred."
                            + " See [locality](discovery/composition.md#the-own-zone-first)."),
            key(
                    "locality.overprovisioning",
                    "number 1-100",
                    "1.4",
                    "How much more than its usual load the zone is trusted to carry: with 1.4, others help once less"
                            + " than 71% of its endpoints are available."),
            key(
                    "flap-damping.withdrawals",
                    "number 1-1000",
                    "5",
                    "How often discovery withdraws an endpoint before it is held out when it comes back."
                            + " `flap-damping = off`: never. See"
                            + " [flap damping](discovery/composition.md#endpoints-that-come-and-go)."),
            key(
                    "flap-damping.hold",
                    "duration",
                    "5s",
                    "For how long then; twice as long with each further withdrawal."),
            key("flap-damping.max-hold", "duration", "1m", "At most."),
            key(
                    "flap-damping.forget-after",
                    "duration",
                    "2m",
                    "Without a withdrawal, after which an endpoint's earlier ones no longer count."),
            key(
                    "on-change.removed",
                    "`close`, `drain`, `keep`",
                    "drain",
                    "Open connections of an endpoint that discovery no longer lists."),
            key(
                    "on-change.demoted",
                    "`close`, `drain`, `keep`",
                    "close",
                    "Open connections of an endpoint that lost the wanted role."),
            key(
                    "on-change.unhealthy",
                    "`close`, `drain`, `keep`",
                    "close",
                    "Open connections of an endpoint that probes say cannot serve."),
            key("on-change.drain-timeout", "duration", "30s", "What drains is closed after this long."),
            key("limits.max-connections", "number 1-1000000", "10000", "Open at once; more are refused."),
            key("limits.connect-attempts", "number 1-100", "3", "For one client, over distinct endpoints."),
            key("limits.connect-timeout", "duration", "1s", "Of one attempt, TLS included."),
            key("limits.login-timeout", "duration", "5s", "Of one login."),
            key(
                    "limits.greeting-timeout",
                    "duration",
                    "10s",
                    "Of a client's TLS handshake, and of its opening in protocols that have one."),
            key("limits.idle-timeout", "duration or `off`", "off", "Without a byte either way."),
            key("limits.rate", "`100/s`, `/m`, `/h`, or `off`", "off", "Of new connections."),
            key(
                    "limits.retry-budget",
                    "share",
                    "20%",
                    "Of connections that may be tried again, beyond a small reserve."),
            key(
                    "limits.user-timeout",
                    "duration or `off`",
                    "30s",
                    "How long sent data may stay unacknowledged, or a silent peer beyond loopback unheard of, before"
                            + " the connection counts as dead. `off`: the kernel decides."),
            key(
                    "limits.prewarm",
                    "number 0-10000",
                    "0",
                    "Connections kept logged in for clients yet to come, shared out among the event loops. Needs"
                            + " `credentials` and a protocol that can."),
            key(
                    "limits.prewarm-age",
                    "duration",
                    "60s",
                    "Such a connection is replaced after this long, a tenth more or less."),
            key(
                    "allow.sources",
                    "list of CIDR",
                    "[]",
                    "Clients that may connect. Empty: all that reach the listener. With `credentials` on an address"
                            + " beyond loopback it is required, and `/0` is refused."),
            key("allow.uids", "list of numbers", "[]", "Users at the other end of a unix socket. Empty: all."),
            key(
                    "allow.endpoints",
                    "list of CIDR",
                    "[]",
                    "Addresses that discovery may name. Empty: all but link-local ones and our own listeners."),
            key(
                    "proxy-protocol.accept-from",
                    "list of CIDR",
                    "[]",
                    "Senders that must begin with a PROXY protocol header; nobody else may."),
            key(
                    "proxy-protocol.send",
                    "`off`, `v1`, `v2`",
                    "off",
                    "The PROXY protocol header that each endpoint is sent."),
            key(
                    "relay",
                    "`auto`, `copy`, `splice`",
                    "auto",
                    "How bytes are moved: through buffers of the process (`copy`), or from socket to socket by the"
                            + " kernel where neither TLS nor a guard is in between (`splice`, on Linux). `auto` begins"
                            + " with the first and changes to the second while much comes one way."),
            key(
                    "access-log",
                    "`on`, `failures`, `off`",
                    "on",
                    "Which connections get a line in the log when they end; `failures`: those that did not end as they"
                            + " should. See [access log](operations.md#access-log)."),
            key(
                    "startup-deadline",
                    "duration or `off`",
                    "10s",
                    "After this long the service counts as ready without endpoints, so that an outage of discovery does"
                            + " not keep the rest from starting. `off`: only endpoints make it ready"));

    /** Blocks that may be {@code off}. */
    static final List<String> MAY_BE_OFF = List.of("health.outlier", "flap-damping");

    /** Keys that belong to the product but not to this version. */
    static final Set<String> LATER_GLOBAL = Set.of("listeners", "register");

    /** Words of providers that belong to the product but not to this version. */
    static final Set<String> LATER_PROTOCOLS = Set.of("http", "mysql", "mongodb", "amqp", "mqtt", "nats", "memcached");

    private Reference() {}

    private static Key key(String path, String type, String fallback, String meaning) {
        return new Key(path, type, fallback, meaning);
    }

    /** The environment variables of every key, with {@code SERVICE} for a service's name. */
    static List<String> variables(String service) {
        List<String> variables = new ArrayList<>();
        GLOBAL.forEach(key -> variables.add(EnvironmentNames.PREFIX + EnvironmentNames.form(key.path())));
        SERVICE.forEach(key -> {
            variables.add(EnvironmentNames.PREFIX + "SERVICES_" + service + "_" + EnvironmentNames.form(key.path()));
            variables.add(EnvironmentNames.PREFIX + "DEFAULTS_" + EnvironmentNames.form(key.path()));
        });
        return variables;
    }

    /** For a variable that names no key. */
    static String nearest(String variable, String service) {
        String nearest = Words.nearest(variable, variables(service));
        return nearest == null ? "docs/configuration.md lists every key" : "did you mean " + nearest + "?";
    }
}
