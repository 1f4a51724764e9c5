// Forward: two takers settle messages of one lane, one or GATHER at a time, and publish results in lanes of their own, in one
// queue or in OUTPUTS of them, as one step each, while one participant dies at any step and its recovery is killed at any step
// and run again. With BY_PORT one message and one result at a time by the ports: H1 to H3. README.md says what is checked.
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef INPUTS
#define INPUTS 2
#endif
#ifndef RESULTS
#define RESULTS 1           // of each forward, in each output
#endif
#ifndef OUTPUTS
#define OUTPUTS 1           // queues that each forward goes to
#endif
#ifndef GATHER
#define GATHER 1            // inputs of each forward; above 1 with one taker only, which would wait for the other's
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef RECOVERY_DEATHS
#define RECOVERY_DEATHS 1
#endif
#ifndef READERS
#define READERS 1           // of the results
#endif
#ifndef TAKERS
#define TAKERS 2
#endif
#ifndef READER_DEATHS
#define READER_DEATHS 1     // 0: only takers die
#endif
#define LANES (TAKERS * OUTPUTS)
#define LANE(t, o) ((t) + (o) * TAKERS)      // holds taker t's results in queue o; the inputs lie in a queue of their own
#define SEATS (TAKERS + READERS)
#define RECEIVERS (((1 << READERS) - 1) << TAKERS)
#define MESSAGES (INPUTS / GATHER * RESULTS * OUTPUTS)
#define NUMBER(in, o, n) (((in) / GATHER * OUTPUTS + (o)) * RESULTS + (n) + 1)
#define ALL_SETTLED (settled == ((1 << (MESSAGES + 1)) - 2))
#include "slot.pml"
#define EMPTY 0
#define PREPARING 1
#define COMMITTED 2

short input[INPUTS];        // the input slots' words, all of lap 0
typedef forward_record { byte state, in; byte first[OUTPUTS]; byte end[OUTPUTS] };
forward_record record[TAKERS];
bool forwarding[TAKERS];
byte deaths, recovery_deaths;
bool keeper_dying;

#define SOMEBODY_GONE (dead[0] == GONE || dead[1] == GONE || dead[TAKERS] == GONE)
#define INPUTS_LEFT (LAP(input[0]) == 0 || LAP(input[INPUTS - 1]) == 0 || LAP(input[INPUTS / 2]) == 0)

// publish_range: exactly the reserved word of this lap, or it was published, or stepped over, before.
#ifndef PUBLISH_BLINDLY
#define IS_RESERVED(l, p) (word[AT(l, p)] == W(LAP_OF(p), RESERVED, 0, FREE))
#else
#define IS_RESERVED(l, p) (STATE(word[AT(l, p)]) == FREE)
#endif
inline F7_publish(l, p, to) {
  do
  :: atomic { p < to && IS_RESERVED(l, p) ->
       note_publish(AT(l, p)); word[AT(l, p)] = W(LAP_OF(p), 0, 0, READY); p++ }
  :: atomic { p < to && !IS_RESERVED(l, p) -> p++ };
     atomic { passed[l] = (passed[l] < p -> p : passed[l]) }     // this lane has one writer of passed
  :: atomic { p >= to -> p = 0; break }
  od
}

inline clear_record(t) {
  atomic { record[t].state = EMPTY; record[t].in = 0; for (o : 0 .. OUTPUTS - 1) { record[t].first[o] = 0; record[t].end[o] = 0 } o = 0 }
}

proctype taker(byte me) {
  byte next[OUTPUTS], staging[OUTPUTS], n, o, g, i, p, in;
  short w, mine[GATHER];
again:
  {
    atomic {                                         // take_over
      for (o : 0 .. OUTPUTS - 1) {
        find_newest(LANE(me, o), next[o]);
        next[o] = (next[o] < passed[LANE(me, o)] -> passed[LANE(me, o)] : next[o])
      }
      o = 0
    };
    do
    :: !INPUTS_LEFT -> break
    :: atomic {                                      // takes any input that waits: model lane shows how it is found
         if
         :: STATE(input[0]) == READY -> in = 0
         :: GATHER == 1 && INPUTS > 1 && STATE(input[INPUTS / 2]) == READY -> in = INPUTS / 2
         :: GATHER > 1 && INPUTS > GATHER && STATE(input[INPUTS - GATHER]) == READY -> in = INPUTS - GATHER
         :: GATHER == 1 && INPUTS > 2 && STATE(input[INPUTS - 1]) == READY -> in = INPUTS - 1
         fi;
         mine[0] = W(LAP(input[in]), DELIVERIES(input[in]) + 1, me, LEASED);
         input[in] = mine[0]; g = 1 };
       do
       :: atomic { g < GATHER ->
            assert(STATE(input[in + g]) == READY);
            mine[g] = W(LAP(input[in + g]), DELIVERIES(input[in + g]) + 1, me, LEASED);
            input[in + g] = mine[g]; g++ }
       :: atomic { g == GATHER -> g = 0; break }
       od;
       do                                            // F1; room that was seen stays, as the lane's only sender is this one
       :: atomic { o < OUTPUTS && OCCUPIED(LANE(me, o)) + RESULTS <= CAPACITY -> staging[o] = next[o]; o++ }
       :: atomic { o < OUTPUTS && OCCUPIED(LANE(me, o)) + RESULTS > CAPACITY -> HUSH(me); o = 0 }; BELL(me)
       :: atomic { o == OUTPUTS -> o = 0; break }
       od;
#ifdef BY_PORT
       S1_find_place(me, staging[0], true);
       atomic { truth[AT(me, staging[0])] = NUMBER(in, 0, 0); body[AT(me, staging[0])] = NUMBER(in, 0, 0) };
#ifndef PORT_INPUT_FIRST
       record[me].first[0] = staging[0];             // H1
       record[me].in = in + 1;
#else
       record[me].in = in + 1;
       record[me].first[0] = staging[0];
#endif
#ifdef PORT_FREE_FIRST
       input[in] = W(1, 0, 0, FREE);
#endif
       atomic { note_publish(AT(me, staging[0])); word[AT(me, staging[0])] = W(LAP_OF(staging[0]), 0, 0, READY) };  // H2
#ifndef PORT_FREE_FIRST
       atomic { assert(input[in] == mine[0]); input[in] = W(1, 0, 0, FREE) };                                      // H3
#endif
       staging[0]++;
#else
       do                                            // F2; FREE stays so, hence look and store in one step
       :: atomic { o < OUTPUTS && n < RESULTS && STATE(word[AT(LANE(me, o), staging[o])]) != FREE -> staging[o]++ };
#ifdef PASSED_EARLY
          passed[LANE(me, o)] = staging[o]
#endif
       :: atomic { o < OUTPUTS && n < RESULTS && STATE(word[AT(LANE(me, o), staging[o])]) == FREE ->
            word[AT(LANE(me, o), staging[o])] = W(LAP_OF(staging[o]), RESERVED, 0, FREE);
            truth[AT(LANE(me, o), staging[o])] = NUMBER(in, o, n) };
          atomic { body[AT(LANE(me, o), staging[o])] = NUMBER(in, o, n); staging[o]++; n++ }
       :: atomic { o < OUTPUTS && n == RESULTS -> n = 0; o++ }
       :: atomic { o == OUTPUTS -> o = 0; break }
       od;
       do                                            // F3
       :: atomic { g < GATHER -> assert(input[in + g] == mine[g]);
            input[in + g] = W(0, DELIVERIES(mine[g]), me, PINNED); g++ }
       :: atomic { g == GATHER -> g = 0; break }
       od;
       atomic { record[me].in = in;                                                            // F4
         for (o : 0 .. OUTPUTS - 1) { record[me].first[o] = next[o]; record[me].end[o] = staging[o] } o = 0 };
       record[me].state = PREPARING;
       forwarding[me] = true;                        // F5, closed: model close
#ifdef FORWARD_ACK_FIRST
       input[in] = W(1, 0, 0, FREE);
#endif
#ifdef FORWARD_PUBLISH_FIRST
       p = next[0]; F7_publish(me, p, staging[0]);
#endif
#ifdef COMMIT_EACH
       p = next[0]; F7_publish(me, p, staging[0]);   // each output as its own step
#endif
       record[me].state = COMMITTED;                 // F6
#ifndef FORWARD_PUBLISH_FIRST
       do
       :: atomic { o < OUTPUTS -> p = next[o] }; F7_publish(LANE(me, o), p, staging[o]); o++
       :: atomic { o == OUTPUTS -> o = 0; break }
       od;
#endif
#ifndef FORWARD_ACK_FIRST
       do                                            // F8
       :: atomic { g < GATHER -> assert(input[in + g] == W(0, DELIVERIES(mine[g]), me, PINNED));
            input[in + g] = W(1, 0, 0, FREE); g++ }
       :: atomic { g == GATHER -> g = 0; break }
       od;
#endif
       forwarding[me] = false;                       // F9
       clear_record(me);
#endif
       atomic { for (o : 0 .. OUTPUTS - 1) { next[o] = staging[o]; staging[o] = 0 } o = 0; in = 0;
         for (g : 0 .. GATHER - 1) { mine[g] = 0 } g = 0; RING(RECEIVERS) }                    // F10
    od;
    atomic { for (o : 0 .. OUTPUTS - 1) { next[o] = 0 } o = 0 };
end_idle: false
  } unless { d_step { dead[me] == DYING ->
      for (o : 0 .. OUTPUTS - 1) { next[o] = 0; staging[o] = 0 } o = 0;
      for (g : 0 .. GATHER - 1) { mine[g] = 0 } g = 0;
      n = 0; i = 0; p = 0; in = 0; w = 0; dead[me] = GONE } };
end_gone:
  do
  :: dead[me] == 0 -> goto again
  :: d_step { dead[me] == DYING -> dead[me] = GONE }                             // the next one died at birth
  od
}

proctype reader(byte me) {
  byte at[LANES], seen[LANES], placed = (1 << LANES) - 1, v, i, p, first, held, l, n;
  short w, mine;
  bool got;
again:
  {
    do
    :: ALL_SETTLED -> break
    :: atomic { !ALL_SETTLED -> HUSH(me) };
       do
       :: take_from(l);
          if
          :: atomic { got || n == LANES - 1 -> n = 0; break }
          :: atomic { !got && n < LANES - 1 -> n++; l = (l + 1) % LANES }
          fi
       od;
       if
       :: atomic { got -> assert(body[held] == truth[held]); got = false };
          acknowledge(held, mine); atomic { RING(1 << (l % TAKERS)); held = 0; l = 0 }
       :: atomic { !got && (BELL(me) || ALL_SETTLED) -> l = 0 }
       fi
    od;
    atomic { for (i : 0 .. LANES - 1) { at[i] = 0; seen[i] = 0 } placed = 0; i = 0; l = 0 };
end_idle: false
  } unless {
    d_step { dead[me] == DYING ->
      for (i : 0 .. LANES - 1) { at[i] = 0; seen[i] = 0 }
      placed = 0; v = 0; i = 0; p = 0; first = 0; held = 0; l = 0; n = 0; w = 0; mine = 0; got = false; dead[me] = GONE }
  };
end_gone:
  do
  :: dead[me] == 0 -> goto again
  :: d_step { dead[me] == DYING -> dead[me] = GONE }                             // the next one died at birth
  od
}

// The result is out: READY in its lap, or whatever came of it since.
#define WAS_PUBLISHED(l, p) (LAP(word[AT(l, p)]) > LAP_OF(p) || (LAP(word[AT(l, p)]) == LAP_OF(p) && STATE(word[AT(l, p)]) != FREE))
inline R1_settle_record() {
  if
  :: victim < TAKERS ->
#ifdef BY_PORT
     if
     :: atomic { record[victim].in != 0 && WAS_PUBLISHED(victim, record[victim].first[0]) && IS_HELD(input[record[victim].in - 1], victim) ->
          input[record[victim].in - 1] = W(1, 0, 0, FREE) }
     :: else
     fi;
     clear_record(victim)
#else
     if
     :: record[victim].state == COMMITTED ->
        do
        :: atomic { o < OUTPUTS -> p = record[victim].first[o] }; F7_publish(LANE(victim, o), p, record[victim].end[o]); o++;
#ifdef SETTLE_ONE
           o = OUTPUTS
#endif
        :: atomic { o == OUTPUTS -> o = 0; break }
        od;
        do
        :: atomic { g < GATHER ->
             input[record[victim].in + g] = (IS_HELD(input[record[victim].in + g], victim) ->
                                             W(1, 0, 0, FREE) : input[record[victim].in + g]); g++ }      // F8, free_pinned
        :: atomic { g == GATHER -> g = 0; break }
        od
     :: else
     fi;
     clear_record(victim)
#endif
  :: else
  fi
}
// Nobody else changes what a dead one holds, so the look and the store are one step.
inline R2_give_back() {
  do
  :: atomic {
       do
       :: s < INPUTS && !IS_HELD(input[s], victim) -> s++
       :: s >= INPUTS && s < INPUTS + LANES * SLOTS && !IS_HELD(word[s - INPUTS], victim) -> s++
       :: else -> break
       od;
       if
       :: s == INPUTS + LANES * SLOTS -> s = 0; break
       :: s < INPUTS -> input[s] = W(0, DELIVERIES(input[s]), 0, READY)
       :: else -> word[s - INPUTS] = W(LAP(word[s - INPUTS]), DELIVERIES(word[s - INPUTS]), 0, READY)
       fi }
  od
}

proctype keeper() {
  byte victim, s, i, o, g, p, first;
  short w;
end_idle:
  atomic {
    if
    :: dead[0] == GONE -> victim = 0
    :: dead[1] == GONE -> victim = 1
    :: dead[TAKERS] == GONE -> victim = TAKERS
    fi };
  {
#ifdef GIVE_BACK_FIRST
    R2_give_back();
    R1_settle_record();
#else
    R1_settle_record();
    R2_give_back();
#endif
    if
    :: victim < TAKERS ->
       do
       :: o < OUTPUTS -> R4_mend_lane(LANE(victim, o)); o++
       :: atomic { o == OUTPUTS -> o = 0; break }
       od;
       forwarding[victim] = false
    :: else
    fi;
    do                                               // R5
    :: atomic { s < LANES -> release_version(s); s++ }
    :: atomic { s == LANES -> s = 0; break }
    od;
    atomic { RING((1 << SEATS) - 1); dead[victim] = 0; victim = 0 }              // R6
  } unless { d_step { keeper_dying -> victim = 0; s = 0; i = 0; o = 0; g = 0; p = 0; first = 0; w = 0; keeper_dying = false } };
  goto end_idle
}

// Who dies when. The keeper's death matters only while it recovers somebody.
proctype fate() {
end_done:
  do
  :: atomic { deaths < DEATHS && !ALL_SETTLED && dead[0] == 0 -> deaths++; dead[0] = DYING }    // takers are alike
  :: atomic { deaths < DEATHS && !ALL_SETTLED && READER_DEATHS && dead[TAKERS] == 0 -> deaths++; dead[TAKERS] = DYING }
  :: atomic { TAKERS > 1 && deaths < DEATHS && DEATHS > 1 && !ALL_SETTLED && dead[1] == 0 -> deaths++; dead[1] = DYING }
  :: atomic { recovery_deaths < RECOVERY_DEATHS && (SOMEBODY_GONE) -> recovery_deaths++; keeper_dying = true }
  od
}

init {
  atomic {
    byte s;
    for (s : 0 .. INPUTS - 1) { input[s] = W(0, 0, 0, READY) }
    for (s : 0 .. TAKERS - 1) { run taker(s) }
    for (s : TAKERS .. SEATS - 1) { run reader(s) }
    run keeper();
    run fate()
  }
}
