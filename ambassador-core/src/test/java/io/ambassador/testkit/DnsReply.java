package io.ambassador.testkit;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A DNS reply as {@link ScriptedDns} gives it, in the wire form of RFC 1035, section 4.1, without name compression. It
 * is written out by hand, so that tests do not trust the library under test.
 */
public final class DnsReply {
    private static final int A = 1;
    private static final int CNAME = 5;
    private static final int SOA = 6;
    private static final int TXT = 16;
    private static final int AAAA = 28;
    private static final int SRV = 33;

    private final int rcode;
    private boolean truncated;
    private boolean silent;
    private boolean withoutQuestion;
    private final List<byte[]> answers = new ArrayList<>();
    private final List<byte[]> authority = new ArrayList<>();
    private final List<byte[]> additional = new ArrayList<>();

    private DnsReply(int rcode) {
        this.rcode = rcode;
    }

    public static DnsReply ok() {
        return new DnsReply(0);
    }

    public static DnsReply formatError() {
        DnsReply reply = new DnsReply(1);
        reply.withoutQuestion = true;
        return reply;
    }

    public static DnsReply serverFailure() {
        return new DnsReply(2);
    }

    public static DnsReply noSuchName() {
        return new DnsReply(3);
    }

    public static DnsReply refused() {
        return new DnsReply(5);
    }

    /** No reply at all. */
    public static DnsReply silence() {
        DnsReply reply = new DnsReply(0);
        reply.silent = true;
        return reply;
    }

    /** With the TC bit, and whatever records it has. */
    public DnsReply truncated() {
        truncated = true;
        return this;
    }

    public DnsReply a(String name, int ttl, String address) {
        answers.add(record(name, A, ttl, address(address)));
        return this;
    }

    public DnsReply aaaa(String name, int ttl, String address) {
        answers.add(record(name, AAAA, ttl, address(address)));
        return this;
    }

    public DnsReply cname(String name, int ttl, String target) {
        answers.add(record(name, CNAME, ttl, name(target)));
        return this;
    }

    public DnsReply txt(String name, int ttl, String text) {
        answers.add(record(name, TXT, ttl, characterString(text)));
        return this;
    }

    public DnsReply srv(String name, int ttl, int priority, int weight, int port, String target) {
        byte[] data = bytes(out -> {
            out.writeShort(priority);
            out.writeShort(weight);
            out.writeShort(port);
            out.write(name(target));
        });
        answers.add(record(name, SRV, ttl, data));
        return this;
    }

    /** The authority record that says for how long a negative answer holds (RFC 2308). */
    public DnsReply soa(String zone, int ttl, int minimum) {
        byte[] data = bytes(out -> {
            out.write(name("ns." + zone));
            out.write(name("admin." + zone));
            for (int number : new int[] {1, 60, 60, 60, minimum}) {
                out.writeInt(number);
            }
        });
        authority.add(record(zone, SOA, ttl, data));
        return this;
    }

    public DnsReply additionalA(String name, int ttl, String address) {
        additional.add(record(name, A, ttl, address(address)));
        return this;
    }

    public DnsReply additionalTxt(String name, int ttl, String text) {
        additional.add(record(name, TXT, ttl, characterString(text)));
        return this;
    }

    boolean isSilent() {
        return silent;
    }

    /**
     * The datagram, for forgers.
     *
     * @param question from the name to the class, as asked
     */
    public byte[] wire(int id, byte[] question) {
        return bytes(out -> {
            out.writeShort(id);
            out.writeShort(0x8180 | (truncated ? 0x0200 : 0) | rcode); // QR, RD, RA
            out.writeShort(withoutQuestion ? 0 : 1);
            out.writeShort(answers.size());
            out.writeShort(authority.size());
            out.writeShort(additional.size());
            if (!withoutQuestion) {
                out.write(question);
            }
            for (List<byte[]> section : List.of(answers, authority, additional)) {
                for (byte[] record : section) {
                    out.write(record);
                }
            }
        });
    }

    private static byte[] record(String name, int type, int ttl, byte[] data) {
        return bytes(out -> {
            out.write(name(name));
            out.writeShort(type);
            out.writeShort(1);
            out.writeInt(ttl);
            out.writeShort(data.length);
            out.write(data);
        });
    }

    private static byte[] name(String name) {
        return bytes(out -> {
            for (String label : name.split("\\.")) {
                if (!label.isEmpty()) {
                    out.write(characterString(label));
                }
            }
            out.write(0);
        });
    }

    private static byte[] characterString(String text) {
        byte[] content = text.getBytes(StandardCharsets.ISO_8859_1);
        return bytes(out -> {
            out.write(content.length);
            out.write(content);
        });
    }

    private static byte[] address(String literal) {
        try {
            return InetAddress.getByName(literal).getAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Content {
        void to(DataOutputStream out) throws IOException;
    }

    private static byte[] bytes(Content content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            content.to(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
