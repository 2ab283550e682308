package io.ambassador.service;

/** What a login that asks for a secret is told. */
public sealed interface SecretAnswer permits SecretLease, SecretAnswer.Wait, SecretAnswer.No {
    /**
     * Not now: {@link SecretKeeper#wake} tells when to ask again.
     *
     * @param forRotation whether for as long as the service allows, not just for an answer that is under way
     */
    record Wait(boolean forRotation) implements SecretAnswer {}

    /**
     * @param unknown whether none could be read yet; otherwise servers refuse those that are known
     * @param why for the log
     */
    record No(boolean unknown, String why) implements SecretAnswer {}
}
