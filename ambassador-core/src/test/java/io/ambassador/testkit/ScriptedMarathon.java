package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * A script, no real Marathon: what a master says about apps and their tasks, with the stream of events, with callbacks,
 * and without either.
 */
public final class ScriptedMarathon implements AutoCloseable {
    private static final long HEARTBEAT_MILLIS = 500;

    private record Event(long number, String type, String json) {}

    private final Map<String, String> definitions = new TreeMap<>(); // guarded by this, as all below
    private final Map<String, String> tasks = new TreeMap<>();
    private final List<Event> history = new ArrayList<>();
    private final Set<String> callbacks = new TreeSet<>();
    private final Supplier<ScriptedHttp> starter;
    private long number;
    private int generation;
    private boolean frozen;
    private boolean embeds = true;
    private int streams = 200; // the status of an answer to who wants the stream
    private ScriptedHttp.Script instead;
    private String authorization = "";
    private ScriptedHttp http;

    private ScriptedMarathon(Certificates.Issued issued) {
        http = issued == null ? ScriptedHttp.start(this::answer) : ScriptedHttp.startTls(issued, 0, this::answer);
        int port = http.port();
        starter = () -> issued == null
                ? ScriptedHttp.start(port, this::answer)
                : ScriptedHttp.startTls(issued, port, this::answer);
    }

    /** In plain text. */
    public static ScriptedMarathon start() {
        return new ScriptedMarathon(null);
    }

    public static ScriptedMarathon startTls(Certificates.Issued issued) {
        return new ScriptedMarathon(issued);
    }

    /** {@code 127.0.0.1:port}. */
    public String address() {
        return http.address();
    }

    public int port() {
        return http.port();
    }

    /** {@code GET /path?query} of each request since the last start. */
    public List<String> calls() {
        return http.calls();
    }

    /** @param definition fields of the app, as {@code "version": "1", "portDefinitions": [{"port": 80}]} */
    public synchronized void app(String id, String definition) {
        definitions.put(id, definition);
    }

    /** Every task of the app, separated by commas; says so by an event of {@code type}. */
    public void tasks(String id, String type, String all) {
        synchronized (this) {
            tasks.put(id, all);
        }
        event(type, "{\"eventType\": \"" + type + "\", \"appId\": \"" + id + "\"}");
    }

    /** The same with the event of a task that has started or ended. */
    public void tasks(String id, String all) {
        tasks(id, "status_update_event", all);
    }

    /** The same without a word. */
    public synchronized void tasksSecretly(String id, String all) {
        tasks.put(id, all);
    }

    public synchronized void remove(String id) {
        definitions.remove(id);
        tasks.remove(id);
    }

    /** Tells whoever listens. */
    public void event(String type, String json) {
        List<String> posted;
        synchronized (this) {
            history.add(new Event(++number, type, json));
            notifyAll();
            posted = List.copyOf(callbacks);
        }
        posted.forEach(url -> post(url, json));
    }

    /** URLs that events are posted to. */
    public synchronized Set<String> callbacks() {
        return Set.copyOf(callbacks);
    }

    /** As one that was set up anew. */
    public synchronized void forgetCallbacks() {
        callbacks.clear();
    }

    /** Tasks come with an app that is asked for, or have to be asked for themselves. */
    public synchronized void embeds(boolean does) {
        embeds = does;
    }

    /** Whoever wants the stream of events gets this status, 200 to have it. */
    public synchronized void streams(int status) {
        streams = status;
        endStreams();
    }

    /** Whoever does not show exactly this is refused from now on. */
    public synchronized void authorization(String required) {
        authorization = required;
    }

    /** Answers {@code script} about apps, instead of what is right; {@code null} for that again. */
    public synchronized void instead(ScriptedHttp.Script script) {
        instead = script;
    }

    /** Ends every stream. */
    public synchronized void endStreams() {
        generation++;
        notifyAll();
    }

    /** Answers nothing any more, and says nothing in its streams, until {@link #thaw()}. */
    public synchronized void freeze() {
        frozen = true;
    }

    public synchronized void thaw() {
        frozen = false;
        notifyAll();
    }

    /** Nobody listens any more, until {@link #restart()}. */
    public void stop() {
        http.close();
    }

    public void restart() {
        http = starter.get();
    }

    @Override
    public void close() {
        thaw();
        http.close();
    }

    private void answer(ScriptedHttp.Call call) throws IOException, InterruptedException {
        ScriptedHttp.Script other;
        synchronized (this) {
            awaitThaw();
            if (!authorization.isEmpty() && !call.header("Authorization").equals(authorization)) {
                call.say(401, "{\"message\":\"Invalid username or password.\"}");
                return;
            }
            other = instead;
        }
        if (call.path().equals("/ping")) {
            call.say(200, "pong\n");
        } else if (call.path().equals("/v2/events")) {
            stream(call);
        } else if (call.path().equals("/v2/eventSubscriptions")) {
            subscribe(call);
        } else if (other != null) {
            other.answer(call);
        } else if (call.path().startsWith("/v2/apps/")) {
            app(call);
        } else {
            call.say(404, "<html>Not here</html>");
        }
    }

    private void awaitThaw() throws InterruptedException {
        while (frozen) {
            wait();
        }
    }

    private synchronized void app(ScriptedHttp.Call call) throws IOException {
        String id = call.path().substring("/v2/apps".length());
        boolean tasksAlone = id.endsWith("/tasks");
        if (tasksAlone) {
            id = id.substring(0, id.length() - "/tasks".length());
        }
        String definition = definitions.get(id);
        if (definition == null) {
            call.say(404, "{\"message\":\"App '" + id + "' does not exist\"}");
            return;
        }
        String list = "\"tasks\":[" + tasks.getOrDefault(id, "") + "]";
        if (tasksAlone) {
            call.say(200, "{" + list + "}");
        } else {
            boolean embedded = embeds && call.query("embed").equals("app.tasks");
            call.say(200, "{\"app\":{\"id\":\"" + id + "\"," + definition + (embedded ? "," + list : "") + "}}");
        }
    }

    private synchronized void subscribe(ScriptedHttp.Call call) throws IOException {
        String url = call.query("callbackUrl");
        if (call.toString().startsWith("DELETE ")) {
            callbacks.remove(url);
        } else {
            callbacks.add(url);
        }
        call.say(200, "{\"callbackUrl\":\"" + url + "\",\"eventType\":\"subscribe_event\"}");
    }

    private void stream(ScriptedHttp.Call call) throws IOException, InterruptedException {
        int status;
        int born;
        long from;
        synchronized (this) {
            status = streams;
            born = generation;
            from = number;
        }
        if (status != 200) {
            call.say(status, "<html>No events</html>");
            return;
        }
        OutputStream out = call.with("Content-Type", "text/event-stream").begin();
        write(out, "event: event_stream_attached\r\ndata: {\"eventType\":\"event_stream_attached\"}\r\n\r\n");
        while (true) {
            List<Event> news = new ArrayList<>();
            synchronized (this) {
                awaitThaw();
                if (generation != born) {
                    return;
                }
                for (Event event : history) {
                    if (event.number() > from) {
                        news.add(event);
                    }
                }
                from = number;
                if (news.isEmpty()) {
                    wait(HEARTBEAT_MILLIS);
                }
            }
            for (Event event : news) {
                write(out, "event: " + event.type() + "\r\ndata: " + event.json() + "\r\n\r\n");
            }
            if (news.isEmpty()) {
                write(out, "\r\n");
            }
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(UTF_8));
        out.flush();
    }

    private static void post(String url, String json) {
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) URI.create(url).toURL().openConnection();
            connection.setRequestMethod("POST");
            connection.setDoOutput(true);
            connection.getOutputStream().write(json.getBytes(UTF_8));
            if (connection.getResponseCode() != 200) {
                throw new IOException(url + " answers " + connection.getResponseCode());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
