package io.ambassador.service;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A block of IP addresses, {@code 10.0.0.0/8} or {@code fd00::/8}; a bare address is a block of one. Bits beyond the
 * prefix do not count, and IPv4 addresses that IPv6 carries ({@code ::ffff:a.b.c.d}) are IPv4 addresses.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc4632#section-3.1">RFC 4632, section 3.1</a>
 */
public final class Cidr {
    private final byte[] network;
    private final int prefix;

    private Cidr(byte[] network, int prefix) {
        this.network = network;
        this.prefix = prefix;
    }

    /** @throws IllegalArgumentException if {@code text} is not an address with an optional prefix length */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        byte[] network = NetUtil.createByteArrayFromIpAddressString(slash < 0 ? text : text.substring(0, slash));
        if (network == null) {
            throw new IllegalArgumentException(text + " (expected: address/prefix)");
        }
        int bits = network.length * 8;
        int prefix = slash < 0 ? bits : prefix(text.substring(slash + 1));
        if (prefix < 0 || prefix > bits) {
            throw new IllegalArgumentException(text + " (expected: a prefix of 0-" + bits + ")");
        }
        byte[] unmapped = unmap(network);
        if (unmapped.length < network.length && prefix >= 96) {
            network = unmapped;
            prefix -= 96;
        }
        for (int i = 0; i < network.length; i++) {
            network[i] &= (byte) mask(prefix - i * 8);
        }
        return new Cidr(network, prefix);
    }

    private static int prefix(String text) {
        return text.matches("\\d{1,3}") ? Integer.parseInt(text) : -1;
    }

    /** An IPv4 address for one that IPv6 carries as {@code ::ffff:a.b.c.d}; any other as it is. */
    private static byte[] unmap(byte[] address) {
        if (address.length != 16 || address[10] != -1 || address[11] != -1) {
            return address;
        }
        for (int i = 0; i < 10; i++) {
            if (address[i] != 0) {
                return address;
            }
        }
        return Arrays.copyOfRange(address, 12, 16);
    }

    /** The mask of one byte, of which the first {@code bits} belong to the network. */
    private static int mask(int bits) {
        return bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff00 >> bits & 0xff;
    }

    public boolean contains(InetAddress address) {
        byte[] bytes = unmap(address.getAddress());
        if (bytes.length != network.length) {
            return false;
        }
        for (int i = 0; i * 8 < prefix; i++) {
            if (((bytes[i] ^ network[i]) & mask(prefix - i * 8)) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether every address of its family is in it. */
    public boolean isEverybody() {
        return prefix == 0;
    }

    /** Whether any of {@code blocks} contains {@code address}; a missing address is in none. */
    public static boolean anyContains(List<Cidr> blocks, @Nullable InetAddress address) {
        if (address == null) {
            return false;
        }
        for (Cidr block : blocks) {
            if (block.contains(address)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Cidr cidr && cidr.prefix == prefix && Arrays.equals(cidr.network, network);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(network) * 31 + prefix;
    }

    @Override
    public String toString() {
        return NetUtil.bytesToIpAddress(network) + "/" + prefix;
    }
}
