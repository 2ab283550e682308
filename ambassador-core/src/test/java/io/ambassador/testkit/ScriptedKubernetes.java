package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * A script, no real Kubernetes: what an API server says about the Services and EndpointSlices of one namespace, listed in
 * pages and watched from a version on, with bookmarks, and 410 for versions that it has forgotten.
 */
public final class ScriptedKubernetes implements AutoCloseable {
    private static final String SLICES = "/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices";
    private static final String SERVICES = "/api/v1/namespaces/prod/services/";
    private static final int PAGE = 3; // however long a page is asked for

    private record Event(long version, String type, String service, String object) {}

    private final Map<String, Event> slices = new TreeMap<>(); // guarded by this, as all below
    private final Map<String, String> services = new TreeMap<>();
    private final List<Event> history = new ArrayList<>();
    private final Supplier<ScriptedHttp> starter;
    private long version = 100;
    private long forgotten;
    private int generation;
    private int refusals;
    private boolean frozen;
    private boolean mayReadServices = true;
    private String token = "";
    private ScriptedHttp http;

    private ScriptedKubernetes(Certificates.Issued issued) {
        http = issued == null ? ScriptedHttp.start(this::answer) : ScriptedHttp.startTls(issued, 0, this::answer);
        int port = http.port();
        starter = () -> issued == null
                ? ScriptedHttp.start(port, this::answer)
                : ScriptedHttp.startTls(issued, port, this::answer);
    }

    /** In plain text. */
    public static ScriptedKubernetes start() {
        return new ScriptedKubernetes(null);
    }

    public static ScriptedKubernetes startTls(Certificates.Issued issued) {
        return new ScriptedKubernetes(issued);
    }

    public int port() {
        return http.port();
    }

    /** {@code GET /path?query} of each request since the last start. */
    public List<String> calls() {
        return http.calls();
    }

    /** Whoever does not show this one is refused from now on. */
    public synchronized void token(String required) {
        token = required;
    }

    public synchronized void mayReadServices(boolean allowed) {
        mayReadServices = allowed;
    }

    /** @param ports each as {@code {"name": "http", "port": 80}} */
    public synchronized void service(String name, String ports) {
        services.put(
                name,
                "{\"kind\": \"Service\", \"metadata\": {\"name\": \"" + name + "\"}, \"spec\": {\"ports\": [" + ports
                        + "]}}");
    }

    /**
     * Makes the slice, or changes it.
     *
     * @param ports as {@code {"name": "http", "port": 8080, "protocol": "TCP"}}, separated by commas
     * @param endpoints as {@code {"addresses": ["10.0.0.1"], "conditions": {"ready": true}}}, separated by commas
     */
    public synchronized void slice(String name, String service, String ports, String endpoints) {
        version++;
        String object = "{\"kind\":\"EndpointSlice\",\"metadata\":{\"name\":\"" + name + "\",\"resourceVersion\":\""
                + version + "\",\"labels\":{\"kubernetes.io/service-name\":\"" + service
                + "\"}},\"addressType\":\"IPv4\",\"ports\":[" + ports + "],\"endpoints\":[" + endpoints + "]}";
        boolean known = slices.containsKey(name);
        record(new Event(version, known ? "MODIFIED" : "ADDED", service, object.replaceAll("\\s*\n\\s*", " ")));
        slices.put(name, history.get(history.size() - 1));
    }

    public synchronized void removeSlice(String name) {
        Event last = slices.remove(name);
        if (last != null) {
            version++;
            String object = last.object()
                    .replaceFirst("\"resourceVersion\":\"\\d+\"", "\"resourceVersion\":\"" + version + "\"");
            record(new Event(version, "DELETED", last.service(), object));
        }
    }

    /** Something changes that no watch here is about, and what has been is forgotten: 410 for who asks for it. */
    public synchronized void compact() {
        version++;
        history.clear();
        forgotten = version;
    }

    /** Cuts every watch short, as a server that is about to restart does. */
    public synchronized void endWatches() {
        generation++;
        notifyAll();
    }

    /** Answers nothing any more, and says nothing in its watches, until {@link #thaw()}. */
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

    private void record(Event event) {
        history.add(event);
        notifyAll();
    }

    private void answer(ScriptedHttp.Call call) throws IOException, InterruptedException {
        synchronized (this) {
            awaitThaw();
            if (!token.isEmpty() && !call.header("Authorization").equals("Bearer " + token)) {
                call.say(401, status(401, "Unauthorized"));
                return;
            }
        }
        if (call.path().equals("/readyz")) {
            call.say(200, "ok");
        } else if (call.path().startsWith(SERVICES)) {
            service(call);
        } else if (!call.path().equals(SLICES)) {
            call.say(404, status(404, "the server could not find the requested resource"));
        } else if (call.query("watch").isEmpty()) {
            list(call);
        } else {
            watch(call);
        }
    }

    private void awaitThaw() throws InterruptedException {
        while (frozen) {
            wait();
        }
    }

    private synchronized void service(ScriptedHttp.Call call) throws IOException {
        String service = services.get(call.path().substring(SERVICES.length()));
        if (!mayReadServices) {
            call.say(403, status(403, "services is forbidden"));
        } else if (service == null) {
            call.say(404, status(404, "services not found"));
        } else {
            call.say(200, service);
        }
    }

    private synchronized void list(ScriptedHttp.Call call) throws IOException {
        List<Event> all = slices.values().stream()
                .filter(slice -> slice.service().equals(selected(call)))
                .toList();
        int from = call.query("continue").isEmpty() ? 0 : Integer.parseInt(call.query("continue"));
        int to = Math.min(all.size(), from + PAGE);
        StringBuilder items = new StringBuilder();
        for (Event slice : all.subList(Math.min(from, to), to)) {
            items.append(items.isEmpty() ? "" : ",").append(slice.object());
        }
        String next = to < all.size() ? ",\"continue\":\"" + to + "\"" : "";
        call.say(
                200,
                "{\"kind\":\"EndpointSliceList\",\"metadata\":{\"resourceVersion\":\"" + version + "\"" + next
                        + "},\"items\":[" + items + "]}");
    }

    private void watch(ScriptedHttp.Call call) throws IOException, InterruptedException {
        long from = Long.parseLong(call.query("resourceVersion"));
        boolean tooOld;
        boolean asAnswer;
        int born;
        synchronized (this) {
            tooOld = from < forgotten;
            asAnswer = tooOld && refusals++ % 2 == 0; // real ones do both
            born = generation;
        }
        if (asAnswer) {
            call.say(410, status(410, "too old resource version"));
            return;
        }
        OutputStream out = call.begin();
        if (tooOld) {
            line(out, "ERROR", status(410, "too old resource version"));
            return;
        }
        while (true) {
            List<Event> news = new ArrayList<>();
            long now;
            synchronized (this) {
                awaitThaw();
                if (generation != born) {
                    return;
                }
                for (Event event : history) {
                    if (event.version() > from && event.service().equals(selected(call))) {
                        news.add(event);
                    }
                }
                now = version;
                if (news.isEmpty()) {
                    wait(200);
                }
            }
            for (Event event : news) {
                line(out, event.type(), event.object());
            }
            if (news.isEmpty()) {
                line(out, "BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"" + now + "\"}}");
            }
            from = now;
        }
    }

    private static String selected(ScriptedHttp.Call call) {
        return call.query("labelSelector").replace("kubernetes.io/service-name=", "");
    }

    private static void line(OutputStream out, String type, String object) throws IOException {
        out.write(("{\"type\":\"" + type + "\",\"object\":" + object + "}\n").getBytes(UTF_8));
        out.flush();
    }

    private static String status(int code, String message) {
        return "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" + message + "\",\"code\":" + code + "}";
    }
}
