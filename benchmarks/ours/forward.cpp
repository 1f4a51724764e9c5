// What a forward costs beside a send and an acknowledgement, in one process with warm caches:
//   forward    send 64; take and forward each; take and ack each (first)
//   send_ack   send 64; take, send on and ack each; take and ack each
// Reports the time of the middle step only.
#include <bulkhead/bulkhead.hpp>
#include <cstdio>

#include "common/job.hpp"
#include "common/message.hpp"
#include "common/scoreboard.hpp"

namespace {

using namespace bench;
using letter = message<64>;
using bulkhead::queue;

constexpr std::uint64_t burst = 64;

void send_burst(const queue<letter>& to, std::uint64_t first) {
  letter m;
  for (std::uint64_t n = 0; n < burst; ++n) {
    fill(m.words.data(), m.words.size(), 0, first + n);
    to.send(m);
  }
}

void check_burst(const queue<letter>& from, sequence_check& check) {
  for (std::uint64_t n = 0; n < burst; ++n) {
    auto d = from.take();
    check(check_copied(d->words.data(), d->words.size()));
    d.ack();
  }
}

std::int64_t move_burst(const queue<letter>& from, const queue<letter>& to, bool forward) {
  const std::int64_t start = now_ns();
  for (std::uint64_t n = 0; n < burst; ++n) {
    auto d = from.take();
    if (forward) {
      d.forward(to, *d);
    } else {
      to.send(*d);
      d.ack();
    }
  }
  return now_ns() - start;
}

void run(const job& what) {
  if (what.mode != "one_way" || what.bytes != 64) throw unsupported("64 bytes one way only");
  pin_to(what.consumer_cpu);
  bulkhead::runtime rt;
  const queue<letter> in{rt};
  const queue<letter> out{rt};
  const auto check = std::make_unique<sequence_check>(true);
  std::int64_t spent = 0;
  std::uint64_t done = 0;
  for (; done < what.count; done += burst) {
    send_burst(in, done);
    spent += move_burst(in, out, what.variant != "send_ack");
    check_burst(out, *check);
  }
  std::printf("{\"messages\": %llu, \"seconds\": %.9f}\n", static_cast<unsigned long long>(done),
              static_cast<double>(spent) * 1e-9);
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bench::run_program(argc, argv, run, {{"one_way"}, {"forward", "send_ack"}});
}
