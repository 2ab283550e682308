package io.ambassador.discovery.etcd;

import java.util.List;

/**
 * Part of a range of keys.
 *
 * @param revision of the whole store when it was read
 * @param count of keys in the range, in this part or not
 * @param more whether another part follows
 */
record Page(long revision, long count, boolean more, List<KeyValue> keys) {}
