package io.ambassador.launcher.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** The records of the domain {@code demo.internal}, and the answers they give (RFC 1035, RFC 2782). Thread-safe. */
final class Zone {
    static final int TTL_SECONDS = 1;
    static final String SERVICE = "_redis._tcp.demo.internal";

    private static final Name DOMAIN = Name.fromConstantString("demo.internal.");
    private static final Name SERVICE_NAME = Name.fromConstantString(SERVICE + ".");
    private static final int PLAIN_UDP_BYTES = 512;

    private volatile Map<Name, List<Record>> records = Map.of();

    /** From now on the service is offered by {@code servers} alone. */
    void offer(List<? extends Server> servers) throws IOException {
        Map<Name, List<Record>> all = new HashMap<>();
        for (Server server : servers) {
            Name host = Name.fromString(server.name(), DOMAIN);
            all.put(host, List.of(new ARecord(host, DClass.IN, TTL_SECONDS, InetAddress.getByName("127.0.0.1"))));
        }
        all.put(
                SERVICE_NAME,
                servers.stream()
                        .<Record>map(server -> new SRVRecord(
                                SERVICE_NAME,
                                DClass.IN,
                                TTL_SECONDS,
                                0,
                                1,
                                server.address().getPort(),
                                Name.fromConstantString(server.name() + "." + DOMAIN)))
                        .collect(Collectors.toList()));
        records = Map.copyOf(all);
    }

    /** @param udp whether an answer that does not fit a datagram is to be cut off */
    byte[] answer(byte[] wire, boolean udp) throws IOException {
        Message query = new Message(wire);
        Message reply = new Message(query.getHeader().getID());
        Header header = reply.getHeader();
        header.setFlag(Flags.QR);
        header.setFlag(Flags.AA);
        if (query.getHeader().getFlag(Flags.RD)) {
            header.setFlag(Flags.RD);
        }
        Record question = query.getQuestion();
        if (question == null) {
            header.setRcode(Rcode.FORMERR);
        } else {
            reply.addRecord(question, Section.QUESTION);
            fill(reply, question);
        }
        int room = query.getOPT() == null
                ? PLAIN_UDP_BYTES
                : Math.max(PLAIN_UDP_BYTES, query.getOPT().getPayloadSize());
        return reply.toWire(udp ? room : Message.MAXLENGTH);
    }

    private void fill(Message reply, Record question) {
        Map<Name, List<Record>> now = records;
        if (!question.getName().subdomain(DOMAIN)) {
            reply.getHeader().setRcode(Rcode.REFUSED);
            return;
        }
        List<Record> found = now.getOrDefault(question.getName(), List.of());
        if (found.isEmpty() && !question.getName().equals(DOMAIN)) {
            reply.getHeader().setRcode(Rcode.NXDOMAIN);
        }
        boolean answered = false;
        for (Record each : found) {
            if (each.getType() == question.getType() || question.getType() == Type.ANY) {
                answered = true;
                reply.addRecord(each, Section.ANSWER);
                Name target = each.getAdditionalName(); // null but for those that name a host
                if (target != null) {
                    now.getOrDefault(target, List.of())
                            .forEach(address -> reply.addRecord(address, Section.ADDITIONAL));
                }
            }
        }
        if (!answered) {
            reply.addRecord(
                    new SOARecord(DOMAIN, DClass.IN, TTL_SECONDS, DOMAIN, DOMAIN, 1, 1, 1, 1, TTL_SECONDS),
                    Section.AUTHORITY);
        }
    }
}
