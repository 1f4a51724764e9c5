#pragma once

#include <bulkhead/detail/encoder.hpp>
#include <bulkhead/exit_status.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/queue_layout.hpp"

namespace bulkhead::os::control {

// What a process of the tree (the host and every child) and the keeper say to each other over an
// unnamed SOCK_SEQPACKET pair (docs/control-protocol.md). A process sends one request at a time and
// waits for its reply; events come over a second pair that `subscribe` asks for. Each datagram is a
// `header` and one of the structs below, encoded as a message; descriptors go along. A body above
// `inline_bytes_max` travels in a memfd, the first descriptor of the datagram.

inline constexpr std::size_t inline_bytes_max = 32 * 1024;

enum class kind : std::uint16_t {
  hello,  // host -> keeper, once: `hello`, which has inherited the rest (keeper_mark.hpp); reply
          // `hello_reply` + the directory's, the ledger's and the vault's descriptors
  make_queue,   // reply queue_reply + the segment's descriptor and two eventfds, the receivers' and
                // the senders'
  open_queue,   // reply queue_reply + descriptors as above; the sender holds the queue from now
                // on
  carry,        // messages are about to be published that name queues: they are kept till the
                // messages are settled; reply done
  leave_queue,  // the sender holds no handle any more
  join_queue,   // reply seat_reply
  used_up,      // a message was set aside, rejected or without a delivery left: bury it; reply done
  holders,      // who has the seats of a queue; reply holders_reply
  dead_letters,  // reply queue_reply + descriptors as above: the dead-letter queue of a queue, made
                 // on first demand
  spawn,         // reply spawn_reply
  signal,
  request_stop,
  forget,  // no next incarnation of this child will come: its seats become free when their lanes
           // are drained
  last_words,  // child -> keeper, before it ends because of an exception; no reply
  subscribe,   // reply done + the descriptor of the event socket; one event, `exited`, a datagram
  exited,      // keeper -> owner, over the event socket
  make_pipe,   // reply pipe_reply + the segment's descriptor and the two ends' eventfds; both ends
               // are the sender's
  leave_end,   // the sender closes its end; reply done, also where it is the sender's no more
  ask_peer,    // reply peer_reply
  rest,        // no next incarnation of this child is on its way, though one may come; reply done
  claim_end,   // a pipe end that a message names: it is the sender's from now on; reply end_reply
               // + descriptors as for a pipe
  publish,     // with the directory's descriptor: a queue becomes open to other programs; reply
               // `published`
  unpublish,   // reply done, also where it is published no more
  attach,      // another program -> keeper, first over the published socket, with its own pidfd:
               // reply attach_reply + descriptors as for a queue
  deadline,    // a message was released with a delay: look when it is due; reply done
  entered,     // child -> keeper, where `process_setup::announce` asked for it, and keeper -> owner
               // over the event socket, as an `exited`: its function begins; no reply
  ready,       // the same for this_process::ready()
  hung,        // keeper -> owner, over the event socket, as an `exited`: it gives no sign of life,
               // and is being ended for that
  deposit,  // keeper -> next keeper, in the vault: what the keeper holds, with its descriptors; no
            // reply
  lend,     // of a queue or pipe end of the sender's; reply done + its three descriptors
  ring,     // the sender has no descriptor of that bell: the keeper rings it; reply done
  waiting,  // a spare -> keeper, and keeper -> owner over the event socket, as an `exited`: it is
            // prepared, and waits; no reply
  promote,  // a waiting spare becomes the child; reply spawn_reply
  follow,   // what is to be done at the next end of a child without asking; no reply
  open_process,  // of a process below the sender; reply done + its pidfd
};
inline constexpr kind kind_max = kind::open_process;  ///< Nothing above it is a kind.

/// The queues and pipes of a tree are counted from a random number in the bits above these, so that
/// a name is of no use in another tree.
inline constexpr std::uint32_t count_bits = 32;
inline constexpr std::uint32_t tree_bits = 29;

/// A queue's number for texts.
constexpr std::uint64_t count_of(std::uint64_t id) noexcept {
  return id & ((std::uint64_t{1} << count_bits) - 1);
}

/// An endpoint's name: a queue's id, or a pipe's with this bit, shifted left by one, and the end.
inline constexpr std::uint64_t pipe_bit = detail::pipe_mark;

/// First of every datagram. `error` is 0; or an errc value, or minus an errno: then the body is a
/// `failure`. In a request it is the request's number among the asker's; one that comes again with
/// the same number, because no reply came, is not carried out twice.
struct header {
  control::kind kind{};
  std::uint16_t in_memfd = 0;
  std::int32_t error = 0;
};
struct failure {
  std::string text;  ///< One sentence: what happened, to which queue or child, what to do.
};
struct done {
  std::uint8_t unused = 0;
};

struct hello {
  std::uint32_t pid = 0;
};
struct hello_reply {
  std::uint32_t keeper_pid = 0;
  std::uint32_t serial = 0;        ///< The host's.
  std::uint32_t entry = 0;         ///< Its place in the directory.
  std::uint32_t first_serial = 0;  ///< Processes with a lower one, but the host, are no more.
};
/// A thing of the keeper's by its kind (os/keeper/estate.hpp) and number.
struct deposited {
  std::uint32_t kind = 0;
  std::uint64_t id = 0;
  std::uint32_t count = 0;  ///< Of its descriptors; 0: it is no more.
};
struct deposit {
  std::vector<deposited> items;  ///< Their descriptors come in this order.
};
struct mailbox_named {
  std::uint64_t id = 0;  ///< A queue's, or a pipe end's.
};
struct bell_named {
  std::uint64_t id = 0;
  std::uint32_t which = 0;  ///< Of a queue 0: the receivers', 1: the senders'; of a pipe the end.
};

struct make_queue {
  std::string name;
  core::queue_shape shape;
  bool close_after_senders = false;
};
struct queue_named {
  std::uint64_t queue = 0;
};
struct used_up {
  std::uint64_t queue = 0;
  std::uint64_t position = 0;  ///< Of the message, in lane `lane`.
  std::uint32_t lane = 0;
  std::string note;  ///< Why it was rejected; empty: its deliveries are used up.
};
struct seat_holder {
  std::uint32_t seat = 0;
  std::int32_t pid = 0;
  std::string name;
};
struct holders_reply {
  std::vector<seat_holder> holders;
};
/// A place in the asker's lane of a queue, and the queues that the message there names.
struct carried {
  std::uint64_t position = 0;
  std::vector<std::uint64_t> queues;  ///< None: the message was not published after all.
};
struct carry {
  std::uint64_t queue = 0;
  std::vector<carried> messages;
};
struct dead_letters_of {
  std::uint64_t queue = 0;
  std::uint64_t fingerprint = 0;  ///< Of dead_letter<T>.
};
struct queue_reply {
  std::uint64_t queue = 0;
  std::string name;
};
struct seat_reply {
  std::uint32_t seat = 0;
  std::uint32_t epoch = 0;
  std::uint64_t sent_before = 0;  ///< What strangers sent from this seat earlier: producer::sent()
                                  ///< less this is our own count.
};

struct pipe_direction {
  std::uint64_t fingerprint = 0;
  std::uint64_t ring_bytes = 0;
  std::uint32_t capacity = 0;
  std::uint32_t slot_bytes = 0;
};
struct make_pipe {
  std::string name;
  pipe_direction from_first;  ///< What the end 0 sends.
  pipe_direction from_second;
};
struct pipe_reply {
  std::uint64_t pipe = 0;  ///< The name of the end 0; the other's is one more.
};
struct end_named {
  std::uint64_t end = 0;
};
struct end_reply {
  std::uint64_t end = 0;
  std::string name;  ///< The pipe's.
};
struct peer_reply {
  std::string name;  ///< Of the process that has the other end, or had it last.
  std::int32_t pid = 0;
  std::uint32_t state = 0;  ///< core::end_state
  std::uint32_t restarts = 0;
  exit_status status;  ///< How the last one ended.
};

/// A function of the program: a module by its build id, and the offset in it.
struct function_name {
  std::string build_id;
  std::string path;  ///< Of the module, for modules that the keeper has not loaded.
  std::uint64_t offset = 0;
};
/// What is changed in a new process before it runs anything.
struct process_setup {
  std::vector<std::string> set;    ///< NAME=value
  std::vector<std::string> unset;  ///< NAME
  bool clear = false;              ///< First no variable is left.
  std::uint8_t streams =
      0;                   ///< Bit n: the standard stream n comes as a descriptor, in their order.
  bool directory = false;  ///< The last descriptor is the working directory.
  std::vector<std::uint32_t> processors;
  std::optional<std::int32_t> nice;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> cpu_seconds;
  std::optional<std::uint64_t> files;
  std::optional<std::uint64_t> processes;
  std::optional<std::uint64_t> core_bytes;
  bool announce = false;             ///< The owner is to be told when it is up.
  std::vector<std::string> command;  ///< Not empty: it executes this, and names no function.
  bool inherits = false;  ///< The command gets its line and endpoints (docs/control-protocol.md).
};
/// A process that is ended when it gives no sign of life.
struct watch {
  std::uint64_t patience_ns = 0;
  bool from_ready = false;  ///< Not before it says `ready`; else from its entry on.
};
struct spawn {
  std::string name;
  std::optional<process_setup> setup;
  std::optional<control::watch> watch;
  std::uint64_t resume_key = 0;  ///< Not 0: incarnations of one supervised child share it, and so
                                 ///< its seats. Unique in the owner.
  std::uint32_t incarnation = 1;
  bool may_follow = false;  ///< Kept, so that the next incarnation can be started unasked (follow).
  bool is_spare = false;  ///< It waits to be that child's next incarnation, of whatever number, and
                          ///< has neither seats nor pipe ends till then (docs/supervision.md).
  function_name prepare;  ///< `void()`, called before anything else; empty path and id: none.
  function_name entry;    ///< `void(const detail::child_start&)`
  function_name target;  ///< The user's function where `entry` does not know it by type; empty path
                         ///< and id: none.
  std::uint64_t fingerprint = 0;  ///< Of the argument list.
  std::vector<std::byte> arguments;
  std::vector<std::uint64_t> endpoints;  ///< Names of endpoints that the arguments name by index.
};
struct spawn_reply {
  std::uint32_t serial = 0;  ///< Names this incarnation in the tree.
  std::int32_t pid = 0;
};
struct promote {
  std::uint32_t serial = 0;  ///< The spare's.
  std::uint32_t incarnation = 0;
};
/// Where that child ends as said here, unasked, the keeper at once promotes its first waiting spare
/// or, where none waits and the child's start was kept, starts it again, and tells of both.
struct follow {
  std::uint32_t serial = 0;          ///< Of the child.
  std::uint32_t incarnation = 0;     ///< Of what follows, then; 0: nothing is to follow after all.
  std::vector<std::uint64_t> codes;  ///< Bit n of all: exit code n.
  std::uint64_t signals = 0;         ///< Bit n - 1: signal n.
};
struct signal {
  std::uint32_t serial = 0;
  std::int32_t number = 0;
};
struct process_named {  ///< The body of `request_stop` and `open_process`.
  std::uint32_t serial = 0;
};
struct forget {  ///< The body of `rest`, too.
  std::uint64_t resume_key = 0;
};
struct last_words {
  death_cause cause = death_cause::exception;
  std::string text;
};

inline constexpr std::size_t allowed_max = 1024;
struct publish {
  std::uint64_t queue = 0;
  std::string path;  ///< For texts.
  std::string name;  ///< Its last part: what it is in the directory.
  std::uint32_t mode = 0;
  std::vector<std::uint32_t> allow;  ///< User ids; none: the keeper's own and root.
  std::string type;                  ///< Of the messages, for texts.
};
struct published {
  std::uint32_t publication = 0;  ///< The body of `unpublish`, too.
};
/// A tree that the attaching program is a participant of.
struct membership {
  std::uint64_t tree = 0;
  std::uint32_t serial = 0;
};
inline constexpr std::uint32_t attach_format = 1;  ///< Of what follows, but the first field.
struct attach {
  std::uint32_t format = attach_format;
  std::uint32_t queue_format = 0;
  std::string version;  ///< Of the library.
  std::string name;     ///< Of the program.
  std::string type;     ///< Of the messages, for texts.
  std::uint64_t fingerprint = 0;
  std::vector<membership> known;
};
struct attach_reply {
  std::uint64_t tree = 0;
  std::uint32_t serial = 0;  ///< One of `known`: its line goes on being used, and this one ends.
  queue_reply queue;
};

struct exited {
  std::uint32_t serial = 0;
  std::int32_t pid = 0;
  exit_status status;
  std::uint64_t redelivered = 0;  ///< Messages that its death gave back.
  std::uint64_t buried = 0;       ///< Messages that its death moved to dead letters.
  std::uint64_t stuck = 0;        ///< Poison messages that found the dead letters full.
  std::uint32_t next_serial = 0;  ///< Not 0: the process that has taken its place already.
  std::int32_t next_pid = 0;
};

}  // namespace bulkhead::os::control
