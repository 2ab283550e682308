package io.ambassador.discovery.etcd;

import java.util.List;

/**
 * One message of a watch stream.
 *
 * @param id of the watch within its stream; {@link #NONE} for the stream as a whole, and for one that could not be
 *     created
 * @param created answers the requests in their order
 * @param compacted the oldest revision that is left, if the watch was ended because it asked for an older one
 * @param fragment whether the rest of the last revision follows
 * @param error why the stream or the watch ended; empty otherwise
 */
record WatchReply(
        long id,
        boolean created,
        boolean canceled,
        long compacted,
        boolean fragment,
        List<KeyValue> events,
        String error) {
    static final long NONE = -1;

    /** The stream cannot go on. */
    static WatchReply broken(String error) {
        return new WatchReply(NONE, false, true, 0, false, List.of(), error);
    }
}
