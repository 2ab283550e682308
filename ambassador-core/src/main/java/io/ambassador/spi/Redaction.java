package io.ambassador.spi;

import java.util.regex.Pattern;

/** Keeps what may be a secret out of text about configuration. */
public final class Redaction {
    public static final String MASK = "***";

    private static final String WORDS = "password|passphrase|passwd|secret|token";
    private static final Pattern SECRET_KEY = Pattern.compile("(?i).*(" + WORDS + ").*");
    private static final Pattern USER_PASSWORD = Pattern.compile("((?:://|\")[^/@:\"\\s]*):[^/@\"\\s]*@");
    private static final Pattern PARAMETER = Pattern.compile("(?i)([?&][a-z_-]*(?:" + WORDS + ")[a-z_-]*=)[^&\"\\s]*");

    private Redaction() {}

    /** Whether what stands at a key of this name is likely a secret. */
    public static boolean isSecret(String key) {
        return SECRET_KEY.matcher(key).matches();
    }

    /** Masks passwords in URIs: {@code etcd://user:***@host/path}, {@code consul://host/service?token=***}. */
    public static String mask(String text) {
        if (text.indexOf('@') < 0 && text.indexOf('=') < 0) {
            return text;
        }
        String masked = USER_PASSWORD.matcher(text).replaceAll("$1:" + MASK + "@");
        return PARAMETER.matcher(masked).replaceAll("$1" + MASK);
    }
}
