package io.ambassador.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** The last so many of something: a new one takes the place of the oldest. Thread-safe; nobody waits for anybody. */
final class Ring<T> {
    private final AtomicReferenceArray<@Nullable T> places;
    private final AtomicLong added = new AtomicLong();

    Ring(int most) {
        places = new AtomicReferenceArray<>(most);
    }

    /** @param make given a number that counts from 1 */
    T add(LongFunction<T> make) {
        long number = added.incrementAndGet();
        T made = make.apply(number);
        places.setRelease(place(number), made);
        return made;
    }

    /** Oldest first, but for what is added meanwhile. */
    List<T> all() {
        long last = added.get();
        List<T> found = new ArrayList<>();
        for (long number = Math.max(1, last - places.length() + 1); number <= last; number++) {
            T each = at(number);
            if (each != null) {
                found.add(each);
            }
        }
        return found;
    }

    /** The number of the one added last; it may be on its way still. */
    long last() {
        return added.get();
    }

    /** What is where {@code number} belongs: that one, one before it that it is about to replace, or one after it. */
    @Nullable T at(long number) {
        return places.getAcquire(place(number));
    }

    private int place(long number) {
        return (int) ((number - 1) % places.length());
    }
}
