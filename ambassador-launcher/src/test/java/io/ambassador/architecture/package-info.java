/** Holds the arrows between modules and packages; a new arrow needs a reason as good as the ones written here. */
package io.ambassador.architecture;
