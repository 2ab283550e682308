package io.ambassador.discovery.mdns;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Messages of multicast DNS as bytes: id 0, no recursion, the top bit of the class with a meaning of its own. */
final class Packets {
    /** The top bit of a record's class: what came before it for this name and type is no longer so. */
    private static final int FLUSH = 0x8000;

    /** Fits a link's packets, headers included; RFC 6762, section 17, allows for more. */
    private static final int MOST_BYTES = 1_400;

    private static final int RECORD_BYTES = 10;
    private static final int QUESTION_BYTES = 4;

    private Packets() {}

    /**
     * Reads what arrived; {@code null} if it is malformed or to be ignored (RFC 6762, section 18). Counts that do not fit
     * the length are noticed before anything is made of them.
     */
    static @Nullable Message read(byte[] bytes) {
        if (bytes.length < Header.LENGTH) {
            return null;
        }
        long least = (long) count(bytes, 0) * (1 + QUESTION_BYTES);
        for (int section = 1; section <= 3; section++) {
            least += (long) count(bytes, section) * (1 + RECORD_BYTES);
        }
        if (least > bytes.length - Header.LENGTH) {
            return null;
        }
        try {
            Message message = new Message(bytes);
            Header header = message.getHeader();
            return header.getOpcode() == Opcode.QUERY && header.getRcode() == Rcode.NOERROR ? message : null;
        } catch (IOException | RuntimeException e) { // of a forger's making, as far as anyone can tell
            return null;
        }
    }

    private static int count(byte[] bytes, int section) {
        int at = 4 + 2 * section;
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    static boolean isResponse(Message message) {
        return message.getHeader().getFlag(Flags.QR);
    }

    static boolean isOfInternet(Record each) {
        return (each.getDClass() & ~FLUSH) == DClass.IN;
    }

    /** Whether it is the only one of its name and type, besides those told together with it. */
    static boolean replacesOthers(Record each) {
        return (each.getDClass() & FLUSH) != 0 && each.getTTL() > 0;
    }

    /** Whether {@code query} asks everybody who is there. */
    static boolean asksForAll(Message query, Name service) {
        Record question = query.getQuestion();
        return question != null
                && question.getType() == Type.PTR
                && question.getDClass() == DClass.IN // without the bit that wants answers for the asker alone
                && question.getName().equals(service)
                && query.getHeader().getCount(Section.ANSWER) == 0
                && !query.getHeader().getFlag(Flags.TC);
    }

    /** Questions in as few packets as they fit in. */
    static List<byte[]> questions(List<Cache.Key> keys) {
        List<byte[]> packets = new ArrayList<>();
        Message message = new Message(0);
        int size = Header.LENGTH;
        for (Cache.Key key : keys) {
            int more = key.name().length() + QUESTION_BYTES;
            if (size + more > MOST_BYTES) {
                packets.add(message.toWire());
                message = new Message(0);
                size = Header.LENGTH;
            }
            message.addRecord(Record.newRecord(key.name(), key.type(), DClass.IN), Section.QUESTION);
            size += more;
        }
        if (size > Header.LENGTH) {
            packets.add(message.toWire());
        }
        return packets;
    }

    /** Who is there besides those that are known already (section 7.1); of several packets, all but the last say so. */
    static List<byte[]> browse(Name service, List<Entry> known, long now) {
        List<byte[]> packets = new ArrayList<>();
        Message message = new Message(0);
        message.addRecord(Record.newRecord(service, Type.PTR, DClass.IN), Section.QUESTION);
        int size = Header.LENGTH + service.length() + QUESTION_BYTES;
        for (Entry each : known) {
            byte[] data = each.value().rdataToWireCanonical();
            int more = service.length() + RECORD_BYTES + data.length;
            if (size + more > MOST_BYTES) {
                message.getHeader().setFlag(Flags.TC);
                packets.add(message.toWire());
                message = new Message(0);
                size = Header.LENGTH;
            }
            message.addRecord(
                    Record.newRecord(service, Type.PTR, DClass.IN, each.secondsLeft(now), data), Section.ANSWER);
            size += more;
        }
        packets.add(message.toWire());
        return packets;
    }
}
