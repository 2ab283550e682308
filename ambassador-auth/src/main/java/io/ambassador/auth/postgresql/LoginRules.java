package io.ambassador.auth.postgresql;

import io.ambassador.spi.Settings;
import java.util.List;
import java.util.Set;

/**
 * What a server may ask of us.
 *
 * @param methods all others are refused
 */
record LoginRules(Set<AuthMethod> methods, ChannelBinding channelBinding) {
    private static final Set<AuthMethod> SAFE = Set.of(AuthMethod.SCRAM_SHA_256, AuthMethod.MD5, AuthMethod.TRUST);

    static final LoginRules DEFAULT = new LoginRules(SAFE, ChannelBinding.PREFER);

    LoginRules {
        methods = Set.copyOf(methods);
    }

    static LoginRules parse(Settings settings) {
        List<AuthMethod> methods =
                settings.list("methods", "one of scram-sha-256, md5, password, trust", AuthMethod::of);
        ChannelBinding binding = settings.word("channel-binding", ChannelBinding.PREFER);
        return new LoginRules(methods.isEmpty() ? SAFE : Set.copyOf(methods), binding);
    }

    boolean allow(AuthMethod method) {
        return methods.contains(method)
                && (channelBinding != ChannelBinding.REQUIRE || method == AuthMethod.SCRAM_SHA_256);
    }
}
