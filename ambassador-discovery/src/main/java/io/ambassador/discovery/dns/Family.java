package io.ambassador.discovery.dns;

import org.xbill.DNS.Type;

/** Which kinds of address a name is looked up for. */
public enum Family {
    ANY(Type.A, Type.AAAA),
    IPV4(Type.A),
    IPV6(Type.AAAA);

    private final int[] types;

    Family(int... types) {
        this.types = types;
    }

    int[] types() {
        return types.clone();
    }

    public boolean includes(int type) {
        for (int each : types) {
            if (each == type) {
                return true;
            }
        }
        return false;
    }
}
