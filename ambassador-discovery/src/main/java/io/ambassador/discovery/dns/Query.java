package io.ambassador.discovery.dns;

import java.io.IOException;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/** One question with an unguessable id, and the judge of what claims to be its reply. */
final class Query {
    /** Fits every path without fragments; what is longer comes by TCP. */
    private static final int EDNS_PAYLOAD = 1232;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final int id = RANDOM.nextInt(1 << 16);
    private final Record question;
    private final byte[] wire;

    /** @param edns whether to offer UDP replies longer than 512 bytes (RFC 6891) */
    Query(Name name, int type, boolean edns) {
        question = Record.newRecord(name, type, DClass.IN);
        Header header = new Header(id);
        header.setFlag(Flags.RD);
        Message message = new Message();
        message.setHeader(header);
        message.addRecord(question, Section.QUESTION);
        if (edns) {
            message.addRecord(new OPTRecord(EDNS_PAYLOAD, 0, 0), Section.ADDITIONAL);
        }
        wire = message.toWire();
    }

    byte[] wire() {
        return wire.clone();
    }

    /**
     * The reply in {@code bytes}; {@code null} if they are not one to this question: another id or question (RFC 5452,
     * section 9.1), not a reply, or not well formed.
     */
    @Nullable Message reply(byte[] bytes) {
        if (bytes.length < Header.LENGTH || ((bytes[0] & 0xff) << 8 | bytes[1] & 0xff) != id) {
            return null;
        }
        Message message;
        try {
            message = new Message(bytes);
        } catch (IOException | RuntimeException e) { // of a forger's making, as far as anyone can tell
            return null;
        }
        Header header = message.getHeader();
        if (!header.getFlag(Flags.QR) || header.getOpcode() != Opcode.QUERY) {
            return null;
        }
        Record echoed = message.getQuestion();
        if (echoed == null) { // servers that did not understand the question may leave it out
            return header.getRcode() == Rcode.FORMERR || header.getRcode() == Rcode.NOTIMP ? message : null;
        }
        boolean same = header.getCount(Section.QUESTION) == 1
                && echoed.getName().equals(question.getName())
                && echoed.getType() == question.getType()
                && echoed.getDClass() == question.getDClass();
        return same ? message : null;
    }
}
