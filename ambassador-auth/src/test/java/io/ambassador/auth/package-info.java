/** What the tests of several protocols share. */
package io.ambassador.auth;
