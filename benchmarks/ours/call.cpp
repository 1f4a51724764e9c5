// Microseconds of a round trip to a child that is running, in turn within every round: 64 bytes
// through a pipe and back, and the same as a call. One process each side, on CPUs of their own.
// Prints one JSON object a round, whose fields are medians.
//     bench_call [--rounds N] [--count N]
#include <bulkhead/bulkhead.hpp>
#include <bulkhead/call_lane.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "common/message.hpp"
#include "common/number_after.hpp"
#include "common/scoreboard.hpp"

namespace {

using line = bench::message<64>;

void echo(bulkhead::pipe_end<line, line> end) {
  bench::pin_to(1);
  std::error_code ec;
  for (line m = end.receive(ec); !ec; m = end.receive(ec)) end.send(m);
}

void serve(bulkhead::call_server<line, line> server) {
  bench::pin_to(1);
  server.serve([](const line& m) { return m; });
}

// A tenth more at first, which do not count.
double median_us(int count, const std::function<line(const line&)>& ask) {
  std::vector<std::int64_t> all;
  line m{};
  for (int n = -count / 10; n < count; ++n) {
    bench::fill(m.words.data(), m.words.size(), 0, static_cast<std::uint64_t>(n + count));
    const std::int64_t begun = bench::now_ns();
    const line back = ask(m);
    const std::int64_t took = bench::now_ns() - begun;
    if (bench::check_copied(back.words.data(), back.words.size()) != m.words[0]) {
      bench::wrong_message("answer", m.words[0], back.words[0]);
    }
    if (n >= 0) all.push_back(took);
  }
  const auto middle = all.begin() + count / 2;
  std::nth_element(all.begin(), middle, all.end());
  return static_cast<double>(*middle) / 1000.0;
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  const int rounds = bench::number_after(argc, argv, "--rounds", 9);
  const int count = bench::number_after(argc, argv, "--count", 20'000);
  bench::pin_to(0);
  bulkhead::runtime rt;
  auto [ours, theirs] = bulkhead::make_pipe<line, line>(rt);
  auto [client, server] = bulkhead::make_calls<line, line>(rt);
  const auto echoing = rt.spawn(echo, std::move(theirs));
  const auto serving = rt.spawn(serve, std::move(server));
  for (int round = 0; round < rounds; ++round) {
    const double pipe = median_us(count, [&end = ours](const line& m) {
      end.send(m);
      return end.receive();
    });
    const double call = median_us(count, [&c = client](const line& m) { return c.call(m); });
    std::printf("{\"pipe_trip\": %.3f, \"call_trip\": %.3f}\n", pipe, call);
    std::fflush(stdout);
  }
  return 0;
}
