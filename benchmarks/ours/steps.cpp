// Instructions of user code for a message of 64 bytes, filled and looked at, where nobody waits:
// what is left of a call when no line of memory is far away.
//   queue (first), forward, pipe, spsc, vyukov
#include <bulkhead/bulkhead.hpp>
#include <cstdio>

#include "common/job.hpp"
#include "common/message.hpp"
#include "common/steps.hpp"
#include "raw/mpmc_ring.hpp"
#include "raw/spsc_ring.hpp"

namespace {

using namespace bench;
using letter = message<64>;

constexpr std::uint64_t warm = 5000;  // more than a turn of the ring
constexpr std::uint64_t counted = 50;

template <class Send, class Take>
void count(Send send, Take take) {
  for (std::uint64_t n = 0; n < warm; ++n) {
    send(n);
    take();
  }
  const auto times = [](auto step) {
    return [step] {
      for (std::uint64_t n = 0; n < counted; ++n) step(n);
    };
  };
  const std::uint64_t sending = steps_of(times(send));
  const std::uint64_t taking = steps_of(times([&](std::uint64_t) { take(); }));
  std::printf("{\"send\": %.1f, \"take\": %.1f, \"both\": %.1f}\n",
              static_cast<double>(sending) / counted, static_cast<double>(taking) / counted,
              static_cast<double>(sending + taking) / counted);
}

template <class Channel>
void count_raw() {
  job what;
  Channel channel(what, 0);
  auto out = channel.sender(0);
  auto in = channel.receiver(0);
  letter sent;
  letter got;
  count(
      [&](std::uint64_t n) {
        fill(sent.words.data(), sent.words.size(), 0, n);
        out.send(sent);
      },
      [&] {
        in.receive(got);
        check_copied(got.words.data(), got.words.size());
      });
}

bulkhead::queue_options of_capacity(std::uint32_t messages) {
  bulkhead::queue_options options;
  options.capacity = messages;
  return options;
}

void count_queue() {
  bulkhead::runtime rt;
  const bulkhead::queue<letter> q{rt, of_capacity(4096)};
  letter sent;
  count(
      [&](std::uint64_t n) {
        fill(sent.words.data(), sent.words.size(), 0, n);
        q.send(sent);
      },
      [&] {
        auto d = q.take();
        check_copied(d->words.data(), d->words.size());
        d.ack();
      });
}

// "send" is take and forward, "take" is take and ack of the result.
void count_forward() {
  bulkhead::runtime rt;
  const bulkhead::queue<letter> in{rt, of_capacity(8192)};
  const bulkhead::queue<letter> out{rt, of_capacity(4096)};
  letter sent;
  fill(sent.words.data(), sent.words.size(), 0, 1);
  for (std::uint64_t n = 0; n < warm + counted; ++n) in.send(sent);
  count(
      [&](std::uint64_t) {
        auto d = in.take();
        d.forward(out, *d);
      },
      [&] {
        auto d = out.take();
        check_copied(d->words.data(), d->words.size());
        d.ack();
      });
}

void count_pipe() {
  bulkhead::runtime rt;
  bulkhead::pipe_options options;
  options.capacity = 4096;
  const auto ends = bulkhead::make_pipe<letter, letter>(rt, options);
  letter sent;
  count(
      [&](std::uint64_t n) {
        fill(sent.words.data(), sent.words.size(), 0, n);
        ends.first.send(sent);
      },
      [&] {
        const letter got = ends.second.receive();
        check_copied(got.words.data(), got.words.size());
      });
}

void run(const job& what) {
  const std::string& v = what.variant;
  if (v == "forward") return count_forward();
  if (v == "pipe") return count_pipe();
  if (v == "spsc") return count_raw<spsc_channel<spinning>::of<letter>>();
  if (v == "vyukov") return count_raw<mpmc_channel<yielding, 8>::of<letter>>();
  count_queue();
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bench::run_program(argc, argv, run,
                            {{"steps"}, {"queue", "forward", "pipe", "spsc", "vyukov"}});
}
