/*
 * The handshake between those who queue work and workers that go to sleep (IdleSet, Worker.Park), on x64: every process has a store buffer
 * that leaves whenever it likes. Checked for all schedules: when nothing moves any more, everything that was queued has been taken; and, as a
 * temporal property, whatever is queued is taken some time.
 *
 * Variants for the check of the check: NO_PUSH_FENCE, NO_PARK_FENCE (neither the fence of Enter nor that of the interlocked decrement before it;
 * on x64 either of them would do), NO_LAST_LOOK.
 */
#define PRODUCERS 2
#define WORKERS   2

/* Words in memory: one for each producer's item, and the number of parked workers as the producers see it. */
#define PARKED    PRODUCERS
byte memory[PRODUCERS + 1];

/* Store buffers: producers first, then workers. */
#define BUFFERS (PRODUCERS + WORKERS)
chan buffer[BUFFERS] = [3] of { byte, byte };

/* Changed by interlocked operations only, so always in memory. */
byte searching;

/* Under the lock of the idle set. */
bool locked;
bool sleeping[WORKERS];
byte sleepers;

/* The parkers' tokens: interlocked. */
bool token[WORKERS];

/* Ghosts. */
bool queued[PRODUCERS];
bool taken[PRODUCERS];

#define STORE(me, word, value) buffer[me] ! word, value
#define FENCE(me)              empty(buffer[me])
#define ANY_WORK               (memory[0] != 0 || memory[1] != 0)

/* Entering empties the own buffer (an interlocked operation); leaving is a store that others can only see after those before it. */
#define LOCK(me)   atomic { !locked && empty(buffer[me]) -> locked = true }
#define UNLOCK(me) atomic { empty(buffer[me]) -> locked = false }

active [BUFFERS] proctype Leave()
{
    byte word, value;
end:
    do
    :: d_step { buffer[_pid] ? word, value -> memory[word] = value }
    od
}

/* IdleSet.WakeOne: only if nobody searches; the woken worker counts as searching from here on. */
inline wake_one(me)
{
    LOCK(me);
    woken = WORKERS;
    if
    :: searching == 0 && sleepers > 0 ->
        if
        :: sleeping[0] -> woken = 0
        :: sleeping[1] -> woken = 1
        fi;
        sleeping[woken] = false;
        sleepers--;
        STORE(me, PARKED, sleepers);
        atomic { empty(buffer[me]) -> searching++ }
    :: else
    fi;
    UNLOCK(me);
    if
    :: woken < WORKERS -> token[woken] = true
    :: else
    fi;
    woken = 0
}

proctype Producer(byte me)
{
    byte woken;
    bool quiet;

    queued[me] = true;
    STORE(me, me, 1);
#ifndef NO_PUSH_FENCE
    FENCE(me);
#endif
    quiet = (searching != 0);
    if
    :: !quiet && memory[PARKED] != 0 -> wake_one(me)
    :: else
    fi
}

proctype Worker(byte id)
{
    byte me = PRODUCERS + id;
    byte woken;
    bool is_searching;
    bool last;

    do
    :: true ->
        /* Search; at most half of the workers count as searching. */
        if
        :: !is_searching && 2 * searching < WORKERS -> atomic { empty(buffer[me]) -> searching++; is_searching = true }
        :: else
        fi;

        if
        :: atomic { memory[0] != 0 -> memory[0] = 0; assert(!taken[0]); taken[0] = true }; goto found
        :: atomic { memory[1] != 0 -> memory[1] = 0; assert(!taken[1]); taken[1] = true }; goto found
        :: !ANY_WORK
        fi;

        /* IdleSet.Enter */
        LOCK(me);
        sleeping[id] = true;
        sleepers++;
        STORE(me, PARKED, sleepers);
        if
#ifndef NO_PARK_FENCE
        :: is_searching -> atomic { empty(buffer[me]) -> searching--; is_searching = false }
#else
        :: is_searching -> atomic { searching--; is_searching = false }
#endif
        :: else
        fi;
        /* Leaving the lock is a plain store: what was stored inside may still be in the buffer. */
        atomic { locked = false };
#ifndef NO_PARK_FENCE
        FENCE(me);
#endif

        /* The last look. */
#ifndef NO_LAST_LOOK
        if
        :: ANY_WORK ->
            LOCK(me);
            if
            :: sleeping[id] ->
                sleeping[id] = false;
                sleepers--;
                STORE(me, PARKED, sleepers);
                UNLOCK(me);
                goto again
            :: else
            fi;
            UNLOCK(me)
        :: else
        fi;
#endif

end_park:
        atomic { token[id] -> token[id] = false; is_searching = true };
        goto again;

found:
        if
        :: is_searching ->
            atomic { empty(buffer[me]) -> searching--; is_searching = false; last = (searching == 0) };
            if
            :: last && ANY_WORK -> wake_one(me)
            :: else
            fi;
            last = false
        :: else
        fi;
again:
        skip
    od
}

active proctype Watch()
{
    atomic {
        run Producer(0);
        run Producer(1);
        run Worker(0);
        run Worker(1)
    };
end:
    timeout -> assert(taken[0] && taken[1])
}

ltl everything_is_taken { [] (queued[0] -> <> taken[0]) && [] (queued[1] -> <> taken[1]) }
