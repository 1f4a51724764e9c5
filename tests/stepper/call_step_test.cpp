// Kills the server of a call lane after every instruction of taking requests and answering them,
// and looks whether each request then is exactly one of: answered, taken without an answer (one at
// most), or there still, for the next incarnation.
//
//   call_step_test [--broken]
//     --broken   servers that are wrong on purpose: succeeds if each is caught

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/calls/call_frame.hpp"
#include "core/calls/slot_table.hpp"
#include "core/pipe_reader.hpp"
#include "core/pipe_writer.hpp"
#include "stepper/tracer.hpp"

namespace {

namespace core = bulkhead::core;
namespace detail = bulkhead::detail;
using stepper::tracer;

constexpr core::platform quiet{[](std::atomic<std::uint32_t>&) noexcept {}, []() noexcept {},
                               false};
constexpr std::uint32_t asker = 0;
constexpr std::uint32_t server = 1;
constexpr int requests = 3;

struct request {
  core::request_head head;
  std::uint64_t value = 0;
};
struct reply {
  core::reply_head head;
  std::uint64_t value = 0;
};

std::uint64_t answer_to(std::uint64_t value) { return value * 0x9e3779b97f4a7c15u; }

/// One end of the lane in one process.
struct lane_end {
  lane_end(const core::pipe_view& pipe, std::uint32_t end)
      : out(pipe, end, out_port), in(pipe, end, in_port) {
    in_port.stop = &nobody;
  }
  static inline std::atomic<std::uint32_t> nobody{0};
  detail::pipe_out_port out_port;
  detail::pipe_in_port in_port;
  core::pipe_writer out;
  core::pipe_reader in;

  template <class T>
  bool put(const T& value) {
    std::byte* at = nullptr;
    if (out.reserve(sizeof value, at) != core::pipe_room::there) return false;
    std::memcpy(at, &value, sizeof value);
    return true;
  }
  template <class T>
  core::pipe_next peek(T& value) {
    const core::pipe_next next = in.find();
    if (next == core::pipe_next::message) std::memcpy(&value, in.message().data(), sizeof value);
    return next;
  }
};

reply reply_to(const request& r) {
  return {{r.head.generation, r.head.slot, r.head.asker, core::reply_head::value, 0},
          answer_to(r.value)};
}

/// What the asker knows of a request: as runtime/src/call_client_state.hpp.
struct pending {
  std::uint64_t position = 0;
  std::uint64_t value = 0;
  void clear() noexcept { *this = {}; }
};

/// A lane in memory that a killed child leaves as it is, with requests in it.
struct stage {
  stage() {
    const auto d = core::shape_direction(1, 0, 8, 4096);
    const core::pipe_shape shape{{d, d}};
    bytes = core::pipe_layout(shape).total_bytes;
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) std::abort();
    base = static_cast<std::byte*>(at);
    core::format_pipe(base, shape);
    pipe.emplace(base, shape, quiet);
    ask.emplace(*pipe, asker);
    serve.emplace(*pipe, server);
    lap();
    for (std::uint64_t n = 1; n <= requests; ++n) {
      const auto made = table.open();
      made.entry->value = n;
      if (!ask->put(request{{made.name.generation, made.name.slot, 7, 0}, n})) std::abort();
      made.entry->position = ask->out.next_tail();
      ask->out.publish();
    }
  }
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;
  ~stage() { munmap(base, bytes); }

  // So that the operation meets no untouched memory, and the ring's end.
  void lap() {
    for (int n = 0; n < 170; ++n) {
      request r;
      reply a;
      if (!ask->put(request{})) std::abort();
      ask->out.publish();
      if (serve->peek(r) != core::pipe_next::message || !serve->put(reply{})) std::abort();
      serve->in.finish();
      serve->out.publish();
      if (ask->peek(a) != core::pipe_next::message) std::abort();
      ask->in.finish();
    }
  }
  // As os/keeper/pipe_table.cpp.
  void keeper_marks_restart() const {
    auto& record = pipe->record(server);
    record.marks[0].store(pipe->positions(server).tail.load());
    record.heads[0].store(pipe->positions(server).head.load());
    record.restarts.store(1);
  }
  [[nodiscard]] std::vector<std::byte> image() const { return {base, base + bytes}; }
  void put(const std::vector<std::byte>& image) const {
    std::memcpy(base, image.data(), image.size());
  }

  std::size_t bytes = 0;
  std::byte* base = nullptr;
  std::optional<core::pipe_view> pipe;
  std::optional<lane_end> ask;
  std::optional<lane_end> serve;
  core::slot_table<pending> table{8};
};

struct operation {
  std::string name;
  std::function<void(lane_end&)> work;
  bool broken = false;
};

// --- the servers ---

void serve_in_turn(lane_end& s) {
  for (int n = 0; n < 2; ++n) {
    request r;
    if (s.peek(r) != core::pipe_next::message) return;
    s.in.finish();
    if (s.put(reply_to(r))) s.out.publish();
  }
}

void serve_out_of_order(lane_end& s) {
  request both[2];
  for (request& r : both) {
    if (s.peek(r) != core::pipe_next::message) return;
    s.in.finish();
  }
  for (const int n : {1, 0}) {
    if (s.put(reply_to(both[n]))) s.out.publish();
  }
}

void answer_before_taking(lane_end& s) {
  request r;
  if (s.peek(r) != core::pipe_next::message) return;
  if (s.put(reply_to(r))) s.out.publish();
  s.in.finish();
}

void answer_twice(lane_end& s) {
  request r;
  if (s.peek(r) != core::pipe_next::message) return;
  s.in.finish();
  for (int n = 0; n < 2; ++n) {
    if (s.put(reply_to(r))) s.out.publish();
  }
}

// --- the asker ---

/// @returns what is wrong, or an empty string. `unanswered`: taken and not answered.
std::string check(stage& s, std::uint64_t& unanswered) {
  s.keeper_marks_restart();
  lane_end ask(*s.pipe, asker);
  std::set<std::uint64_t> answered, lost, there;
  for (;;) {
    reply a;
    const core::pipe_next next = ask.peek(a);
    if (next == core::pipe_next::restarted) break;
    if (next != core::pipe_next::message) return "no restart after the dead one's replies";
    ask.in.finish();
    const core::slot_name name{a.head.generation, a.head.slot};
    const pending* const p = s.table.find(name);
    if (p == nullptr) return "a reply to no request";
    if (a.value != answer_to(p->value)) return "another one's reply";
    answered.insert(p->value);
    s.table.close(name);
  }
  ask.in.pass_restart();
  const std::uint64_t head = s.pipe->record(server).heads[0].load();
  s.table.each([&](const core::slot_name&, const pending& p) {
    (core::was_taken(p.position, head, 4096) ? lost : there).insert(p.value);
  });
  lane_end next(*s.pipe, server);
  for (request r; next.peek(r) == core::pipe_next::message; next.in.finish()) {
    if (answered.count(r.value) != 0) return "an answered request comes again";
    if (lost.count(r.value) != 0) return "a request that was given up comes again";
    if (there.erase(r.value) == 0) return "a request of nobody comes";
  }
  unanswered = lost.size();
  return there.empty() ? "" : "a request that is thought to be there is gone";
}

struct verdict {
  std::uint64_t steps = 0, bad = 0, unanswered = 0;
};

verdict run(const operation& op, tracer& trace, std::uint64_t unanswered_most) {
  verdict v;
  std::vector<std::vector<std::byte>> after;
  stage first;
  const std::vector<std::byte> start = first.image();
  const auto work = [&] { op.work(*first.serve); };
  const stepper::path way =
      trace.follow(work, [&](std::size_t) { after.push_back(first.image()); });
  v.steps = way.steps();
  std::set<std::vector<std::byte>> seen;
  for (std::size_t k = 1; k <= way.steps() && way.finished; ++k) {
    first.put(start);
    std::string bad;
    if (!trace.kill_at(work, way, k)) bad = "the child was not where it should be";
    const auto left = first.image();
    if (left != after[k - 1]) bad = "a killed child left another memory than a stepped one";
    if (bad.empty() && !seen.insert(left).second) continue;
    stage s;
    s.put(left);
    std::uint64_t unanswered = 0;
    if (bad.empty()) bad = check(s, unanswered);
    if (bad.empty() && unanswered > unanswered_most) bad = "more are unanswered than were taken";
    v.unanswered = std::max(v.unanswered, unanswered);
    if (!bad.empty() && ++v.bad <= 2 && !op.broken) {
      std::printf("  BAD %s, step %zu: %s\n", op.name.c_str(), k, bad.c_str());
    }
  }
  if (!way.finished) {
    std::printf("  BAD %s: %s\n", op.name.c_str(), way.trouble.c_str());
    ++v.bad;
  }
  return v;
}

}  // namespace

int main(int argc, char** argv) {
  const bool broken = argc > 1 && std::strcmp(argv[1], "--broken") == 0;
  tracer trace;
  if (const std::string why = trace.forbidden(); !why.empty()) {
    std::printf("skipped: %s\n", why.c_str());
    return 77;
  }
  const std::vector<operation> all{
      {"take and answer, in turn", serve_in_turn},
      {"take two, answer the last first", serve_out_of_order},
      {"answer before it is taken", answer_before_taking, true},
      {"answer twice", answer_twice, true},
  };
  std::uint64_t operations = 0, steps = 0, wrong = 0;
  for (const operation& op : all) {
    if (op.broken != broken) continue;
    const verdict v = run(op, trace, &op == &all[1] ? 2 : 1);
    std::printf("%-36s %5lu instructions, at most %lu unanswered, %lu bad\n", op.name.c_str(),
                v.steps, v.unanswered, v.bad);
    ++operations;
    steps += v.steps;
    wrong += broken ? v.bad == 0 : v.bad != 0 || v.unanswered == 0;
  }
  std::printf(
      "%lu servers killed after each of %lu instructions. %s\n", operations, steps,
      wrong != 0 ? "BAD" : (broken ? "Each fault was caught." : "Each request had one end."));
  return wrong != 0 ? 1 : 0;
}
