package io.ambassador.discovery.mdns;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;

/** What a responder has to say of one service: instances, each at an address and port. */
final class Zone {
    private static final int UNIQUE = DClass.IN | 0x8000;

    private final ServiceType service;
    private final int ttl;
    private final Map<String, String> places = new LinkedHashMap<>();

    /** @param ttl in seconds, of all records */
    Zone(String service, int ttl) {
        this.service = ServiceType.parse(service);
        this.ttl = ttl;
    }

    /** @param place {@code address:port} */
    synchronized void put(String instance, String place) {
        places.put(instance, place);
    }

    synchronized void remove(String instance) {
        places.remove(instance);
    }

    synchronized Map<String, String> places() {
        return new LinkedHashMap<>(places);
    }

    /** All that there is to say of {@code instance}: who, where, what, and at which address. */
    synchronized List<Record> announcement(String instance) {
        return records(instance, places.get(instance), ttl);
    }

    List<Record> goodbye(String instance, String place) {
        return records(instance, place, 0).subList(0, 3);
    }

    private List<Record> records(String instance, String place, int seconds) {
        int colon = place.lastIndexOf(':');
        String address = place.substring(0, colon);
        Name name = service.instance(instance);
        try {
            Name host = Name.fromString("h-" + address.replace('.', '-') + ".local.");
            return List.of(
                    new PTRRecord(service.browsed(), DClass.IN, seconds, name),
                    new SRVRecord(name, UNIQUE, seconds, 0, 0, Integer.parseInt(place.substring(colon + 1)), host),
                    new TXTRecord(name, UNIQUE, seconds, ""),
                    new ARecord(host, UNIQUE, seconds, InetAddress.getByName(address)));
        } catch (UnknownHostException e) {
            throw new UncheckedIOException(e);
        } catch (TextParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** What a responder answers; empty for nothing. Known answers are left out (RFC 6762, section 7.1). */
    synchronized List<Record> answers(Message query) {
        List<Record> all = new ArrayList<>();
        for (String instance : places.keySet()) {
            List<Record> own = announcement(instance);
            for (Record question : query.getSection(Section.QUESTION)) {
                boolean known = query.getSection(Section.ANSWER).stream()
                        .anyMatch(each ->
                                each.rdataToString().equals(own.get(0).rdataToString()) && each.getTTL() * 2 >= ttl);
                for (Record each : own) {
                    boolean asked = each.getName().equals(question.getName()) && each.getType() == question.getType();
                    if (asked && !(each instanceof PTRRecord && known)) {
                        all.addAll(own);
                        break;
                    }
                }
            }
        }
        return all.stream().distinct().toList();
    }

    static byte[] response(List<Record> answers) {
        Message message = new Message(0);
        message.getHeader().setFlag(Flags.QR);
        message.getHeader().setFlag(Flags.AA);
        answers.forEach(each -> message.addRecord(each, Section.ANSWER));
        return message.toWire();
    }
}
