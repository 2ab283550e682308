package io.ambassador.auth.postgresql;

import io.ambassador.spi.Settings;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a server may ask of us.
 *
 * @param methods all others are refused
 */
record LoginRules(Set<AuthMethod> methods, ChannelBinding channelBinding) {
    static final LoginRules DEFAULT = new LoginRules(EnumSet.allOf(AuthMethod.class), ChannelBinding.PREFER);

    LoginRules {
        methods = Set.copyOf(methods);
    }

    static LoginRules parse(Settings settings) {
        List<AuthMethod> methods =
                settings.list("methods", "one of scram-sha-256, md5, cleartext, trust", AuthMethod::of);
        ChannelBinding binding = settings.word("channel-binding", ChannelBinding.PREFER);
        return new LoginRules(methods.isEmpty() ? DEFAULT.methods() : Set.copyOf(methods), binding);
    }

    boolean allow(AuthMethod method) {
        return methods.contains(method)
                && (channelBinding != ChannelBinding.REQUIRE || method == AuthMethod.SCRAM_SHA_256);
    }
}
