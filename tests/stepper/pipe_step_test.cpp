// Kills a process after every instruction of every operation on a pipe, in either direction, and
// looks whether the other side gets all that was published, nothing torn or twice, and can go on
// with the next incarnation.
//
//   pipe_step_test [--only TEXT] [--broken]
//     --only     operations whose name contains TEXT
//     --broken   operations that are wrong on purpose: succeeds if each is caught

#include <sys/mman.h>

#include <bulkhead/detail/pipe_run.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/pipe_alarm.hpp"
#include "core/pipe_reader.hpp"
#include "core/pipe_writer.hpp"
#include "stepper/tracer.hpp"

namespace {

namespace core = bulkhead::core;
namespace detail = bulkhead::detail;
using stepper::tracer;

constexpr std::uint32_t capacity = 4;
constexpr core::platform quiet{[](std::atomic<std::uint32_t>&) noexcept {}, []() noexcept {},
                               false};

/// The second half is computed from the first, so that a torn message shows.
struct message {
  std::uint64_t value = 0;
  std::uint64_t check = 0;

  static message of(std::uint64_t value) { return {value, value * 0x9e3779b97f4a7c15u ^ 0x5a5a}; }
  [[nodiscard]] bool whole() const { return check == of(value).check; }
};

/// The private half of each direction that one process at an end has.
struct sender {
  explicit sender(const core::pipe_view& pipe) : ring(pipe, 0, port) { own(port.gate); }
  static void own(detail::pipe_gate& gate) { gate.give_to(detail::this_thread_mark()); }
  detail::pipe_out_port port;
  core::pipe_writer ring;

  bool send(std::uint64_t value) {
    const message m = message::of(value);
    std::byte* at = nullptr;
    if (ring.reserve(sizeof m, at) != core::pipe_room::there) return false;
    std::memcpy(at, &m, sizeof m);
    ring.publish();
    return true;
  }
};

struct receiver {
  explicit receiver(const core::pipe_view& pipe) : ring(pipe, 1, port) {
    port.stop = &nobody;
    sender::own(port.gate);
  }
  static inline std::atomic<std::uint32_t> nobody{0};
  detail::pipe_in_port port;
  core::pipe_reader ring;

  static constexpr std::uint64_t nothing = ~std::uint64_t{0};
  static constexpr std::uint64_t restarted = nothing - 1;
  static constexpr std::uint64_t bad = nothing - 2;

  std::uint64_t receive() {
    const core::pipe_next next = ring.find();
    if (next == core::pipe_next::nothing) return nothing;
    if (next == core::pipe_next::corrupt) return bad;
    if (next == core::pipe_next::restarted) return ring.pass_restart(), restarted;
    message m;
    if (ring.message().size() < sizeof m) return bad;
    std::memcpy(&m, ring.message().data(), sizeof m);
    ring.finish();
    return m.whole() ? m.value : bad;
  }
};

/// A pipe in memory that a killed child leaves as it is, and both its ends.
struct stage {
  explicit stage(std::uint32_t slot_bytes) {
    const auto d = core::shape_direction(1, slot_bytes, capacity, 4096);
    const core::pipe_shape shape{{d, d}};
    bytes = core::pipe_layout(shape).total_bytes;
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) std::abort();
    base = static_cast<std::byte*>(at);
    core::format_pipe(base, shape);
    pipe.emplace(base, shape, quiet);
    out.emplace(*pipe);
    in.emplace(*pipe);
  }
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;
  ~stage() { munmap(base, bytes); }

  [[nodiscard]] std::vector<std::byte> image() const { return {base, base + bytes}; }
  void put(const std::vector<std::byte>& image) const {
    std::memcpy(base, image.data(), image.size());
  }
  void keeper_marks_restart() const {
    auto& record = pipe->record(0);
    const std::uint32_t count = record.restarts.load();
    record.marks[count % core::pipe_marks].store(pipe->positions(0).tail.load());
    record.restarts.store(count + 1);
  }

  std::size_t bytes = 0;
  std::byte* base = nullptr;
  std::optional<core::pipe_view> pipe;
  std::optional<sender> out;
  std::optional<receiver> in;
};

struct operation {
  std::string name;
  bool sends = true;             ///< Who dies: the sender, else the receiver.
  std::uint32_t slot_bytes = 0;  ///< 0: a ring of bytes.
  std::uint64_t waiting = 0;     ///< Messages 1, 2, ... that are there before.
  std::uint64_t count = 1;       ///< Messages that it sends, from 101 on, or takes.
  std::function<void(stage&)> work;
  bool broken = false;
};

constexpr std::uint64_t first_sent = 101;
constexpr std::uint64_t first_after = 501;

struct verdict {
  std::uint64_t steps = 0;
  std::uint64_t states = 0;
  std::uint64_t bad = 0;
};

/// Reads the other side's view after the crash. @returns what is wrong, or an empty string.
/// @limits in: the survivor, as old as the operation's beginning.
std::string check_dead_sender(const stage& crashed, receiver& in, const operation& op,
                              bool complete) {
  crashed.keeper_marks_restart();
  sender next(*crashed.pipe);
  for (std::uint64_t n = 1; n <= op.waiting; ++n) {
    if (in.receive() != n) return "message " + std::to_string(n) + " is lost or out of order";
  }
  std::uint64_t sent = 0;
  std::uint64_t got = in.receive();
  for (; got == first_sent + sent && sent < op.count; got = in.receive()) ++sent;
  if (got != receiver::restarted) return "after the dead one's messages comes no restart";
  if (complete && sent != op.count) return "a message that was sent is lost";
  std::uint64_t room = 0;
  while (room < 2 * capacity && next.send(first_after + room)) ++room;
  if (room != capacity) return "the next incarnation finds room for " + std::to_string(room);
  for (std::uint64_t n = 0; n < room; ++n) {
    if (in.receive() != first_after + n) return "the next incarnation's messages do not arrive";
  }
  return in.receive() == receiver::nothing ? "" : "there is more than was sent";
}

std::string check_dead_receiver(const stage& crashed, sender& out, const operation& op,
                                bool complete) {
  receiver next(*crashed.pipe);
  const std::uint64_t first = next.receive();
  const std::uint64_t end = op.waiting + 1;
  std::uint64_t expected = first == receiver::nothing ? end : first;
  if (expected < 1 || expected > op.count + 1) return "a message that was not received is gone";
  if (complete && expected != op.count + 1) return "a message that was received is still there";
  for (++expected; expected < end; ++expected) {
    if (next.receive() != expected) return "a waiting message is lost or out of order";
  }
  if (next.receive() != receiver::nothing) return "there is more than was sent";
  std::uint64_t room = 0;
  while (room < 2 * capacity && out.send(first_after + room)) ++room;
  if (room != capacity) return "the sender finds room for " + std::to_string(room);
  for (std::uint64_t n = 0; n < room; ++n) {
    if (next.receive() != first_after + n) return "the sender's messages do not arrive";
  }
  return {};
}

verdict run(const operation& op, tracer& trace) {
  stage s(op.slot_bytes);
  // A lap and more, so that the operation meets no untouched memory and the ring's end.
  for (std::uint64_t n = 0; n < 2 * capacity + 2; ++n) {
    if (!s.out->send(9) || s.in->receive() != 9) std::abort();
  }
  for (std::uint64_t n = 1; n <= op.waiting; ++n) {
    if (!s.out->send(n)) std::abort();
  }
  const std::vector<std::byte> start = s.image();
  std::set<std::vector<std::byte>> states;
  states.insert(start);
  std::vector<std::vector<std::byte>> after{start};
  const auto work = [&] { op.work(s); };
  const stepper::path way = trace.follow(work, [&](std::size_t) { after.push_back(s.image()); });
  verdict v;
  v.steps = way.steps();
  const auto complain = [&](const std::string& what, std::size_t step) {
    if (++v.bad <= 2 && !op.broken) {
      std::printf("  BAD %s, step %zu: %s\n", op.name.c_str(), step, what.c_str());
    }
  };
  if (!way.finished) complain(way.trouble, 0);
  for (std::size_t k = 1; k <= way.steps() && way.finished; ++k) {
    s.put(start);
    if (!trace.kill_at(work, way, k)) complain("the child was not where it should be", k);
    if (s.image() != after[k]) complain("a killed child left another memory than a stepped one", k);
    const bool complete = k == way.steps();
    if (!states.insert(after[k]).second && !complete) continue;
    s.put(start);
    receiver in(*s.pipe);
    sender out(*s.pipe);
    s.put(after[k]);
    const std::string bad = op.sends ? check_dead_sender(s, in, op, complete)
                                     : check_dead_receiver(s, out, op, complete);
    if (!bad.empty()) complain(bad, k);
  }
  v.states = states.size();
  return v;
}

// --- what is done ---

void send_pieces(stage& s) {
  std::vector<std::byte> bytes(1500, std::byte{7});
  const message m = message::of(first_sent);
  std::memcpy(bytes.data(), &m, sizeof m);
  core::pipe_room room{};
  for (std::span<const std::byte> rest = bytes; !rest.empty();) {
    const std::size_t sent =
        s.out->ring.publish_piece(rest, rest.size() == bytes.size(), true, room);
    if (sent == 0) return;
    rest = rest.subspan(sent);
  }
}

// As pipe_end's calls go by the ports.
detail::fast send_by_port(stage& s) {
  const message m = message::of(first_sent);
  const detail::fast done = s.out->port.send(m);
  return done == detail::fast::no ? s.out->port.send_after_look(m, false) : done;
}
detail::fast receive_by_port(stage& s, message& m) {
  const detail::fast done = s.in->port.receive(m, true);
  return done == detail::fast::no ? s.in->port.receive_after_look(m, true) : done;
}

std::vector<operation> sends() {
  const auto fast = [](stage& s) { send_by_port(s); };
  const auto slow = [](stage& s) { s.out->send(first_sent); };
  std::vector<operation> all;
  for (const std::uint64_t waiting : {0, 3}) {
    const std::string where = waiting == 0 ? " into an empty ring" : " into the last place";
    all.push_back({"send" + where, true, 16, waiting, 1, fast});
    all.push_back({"send by the slow path" + where, true, 16, waiting, 1, slow});
    all.push_back({"send of a frame" + where, true, 0, waiting, 1, slow});
  }
  all.push_back({"send into a full ring", true, 16, 4, 0, fast});
  all.push_back({"send of a frame into a full ring", true, 0, 4, 0, slow});
  all.push_back({"send that wakes a sleeper", true, 16, 1, 1, [](stage& s) {
                   s.pipe->alarm(1).attention.store(detail::attention::receiver_asleep);
                   if (send_by_port(s) == detail::fast::heed) {
                     core::pipe_alarm(*s.pipe, 1, core::pipe_alarm::side::receiving).wake();
                   }
                 }});
  all.push_back({"send of a batch", true, 16, 1, 3, [](stage& s) {
                   const message three[] = {message::of(101), message::of(102), message::of(103)};
                   const message* next = three;
                   while (next != three + 3) {
                     detail::send_run<message>(s.out->port, next, three + 3);
                   }
                 }});
  all.push_back({"send of a loan", true, 16, 1, 1, [](stage& s) {
                   std::byte* at = s.out->port.lend_after_look(detail::pipe_slot_of<message>, true);
                   const message m = message::of(first_sent);
                   std::memcpy(at, &m, sizeof m);
                   s.out->port.publish_lent();
                 }});
  all.push_back({"send in pieces", true, 0, 1, 1, send_pieces});
  all.push_back({"a send that publishes before it writes", true, 16, 1, 1,
                 [](stage& s) {
                   auto& port = s.out->port;
                   port.shared_tail->store(port.tail() + 1);
                   port.store(port.tail(), message::of(first_sent));
                 },
                 true});
  return all;
}

std::vector<operation> receives() {
  const auto fast = [](stage& s) {
    message m;
    receive_by_port(s, m);
  };
  const auto slow = [](stage& s) { s.in->receive(); };
  std::vector<operation> all;
  for (const std::uint64_t waiting : {1, 4}) {
    const std::string where = waiting == 1 ? " of the only message" : " from a full ring";
    all.push_back({"receive" + where, false, 16, waiting, 1, fast});
    all.push_back({"receive by the slow path" + where, false, 16, waiting, 1, slow});
    all.push_back({"receive of a frame" + where, false, 0, waiting, 1, slow});
  }
  all.push_back({"receive from an empty ring", false, 16, 0, 0, slow});
  all.push_back({"receive of a frame from an empty ring", false, 0, 0, 0, slow});
  all.push_back({"receive that wakes a sleeper", false, 16, 4, 1, [](stage& s) {
                   message m;
                   s.pipe->alarm(0).attention.store(detail::attention::sender_asleep);
                   if (receive_by_port(s, m) == detail::fast::heed) {
                     core::pipe_alarm(*s.pipe, 0, core::pipe_alarm::side::sending).wake();
                   }
                 }});
  all.push_back({"receive of a batch", false, 16, 4, 3, [](stage& s) {
                   std::vector<message> three;
                   detail::receive_run(s.in->port, 3, true, three);
                 }});
  all.push_back({"receive in place", false, 16, 2, 1, [](stage& s) {
                   static_cast<void>(
                       s.in->port.lend_after_look(detail::pipe_slot_of<message>, true));
                   s.in->port.release_lent();
                 }});
  all.push_back({"a receive that frees two places for one message", false, 16, 3, 1,
                 [](stage& s) {
                   s.in->port.shared_head->store(s.in->port.head() + 2);
                   s.in->port.shared_head->store(s.in->port.head() + 1);
                 },
                 true});
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  bool broken = false;
  for (int n = 1; n < argc; ++n) {
    if (std::strcmp(argv[n], "--broken") == 0) broken = true;
    if (std::strcmp(argv[n], "--only") == 0 && n + 1 < argc) only = argv[++n];
  }
  tracer trace;
  if (const std::string why = trace.forbidden(); !why.empty()) {
    std::printf("skipped: %s\n", why.c_str());
    return 77;
  }
  std::vector<operation> all = sends();
  for (operation& op : receives()) all.push_back(std::move(op));
  std::uint64_t operations = 0, steps = 0, states = 0, wrong = 0;
  for (const operation& op : all) {
    if (op.broken != broken || op.name.find(only) == std::string::npos) continue;
    const verdict v = run(op, trace);
    std::printf("%-52s %5lu instructions, %3lu states, %3lu bad\n", op.name.c_str(), v.steps,
                v.states, v.bad);
    std::fflush(stdout);
    ++operations;
    steps += v.steps;
    states += v.states;
    wrong += broken ? v.bad == 0 : v.bad != 0;
  }
  std::printf(
      "%lu operations, a SIGKILL after each of %lu instructions: %lu kills, %lu states. %s\n",
      operations, steps, trace.kills(), states,
      wrong != 0 ? "BAD" : (broken ? "Each fault was caught." : "Nothing lost or torn."));
  return wrong != 0 || operations == 0 ? 1 : 0;
}
