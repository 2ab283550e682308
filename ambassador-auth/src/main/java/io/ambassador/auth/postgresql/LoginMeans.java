package io.ambassador.auth.postgresql;

/** What all logins of one service share. */
record LoginMeans(LoginRules rules, ScramKeyCache keys) {}
