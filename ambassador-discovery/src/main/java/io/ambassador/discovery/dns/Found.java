package io.ambassador.discovery.dns;

import java.util.List;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;

/**
 * What DNS said about one name and type.
 *
 * @param outcome whether there are records, the name without any, or not even the name
 * @param name the name that the records belong to, after search domains and CNAMEs
 * @param records all of the type asked for
 * @param additional what came along unasked
 * @param ttlSeconds the least of all records that led here
 */
record Found(Outcome outcome, Name name, List<Record> records, List<Record> additional, long ttlSeconds) {
    enum Outcome {
        RECORDS,
        NO_RECORDS,
        NO_SUCH_NAME
    }
}
