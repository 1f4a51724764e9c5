// Processes that are forked before they are asked for: that nobody can tell them from others.
#include "process/library/reserves.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <fstream>
#include <iterator>

#include "process/library/facts.hpp"

using namespace bulkhead_test;
using bulkhead::queue;
namespace this_process = bulkhead::this_process;

namespace {

struct facts {
  int pid = 0;
  std::string name;
  std::string comm;
  int descriptors = 0;
  std::uint64_t descriptors_max = 0;
  std::string blocked_signals;
};

facts tell_facts(std::string text, queue<int> sums) {
  sums.send(static_cast<int>(text.size()));
  facts f;
  f.pid = ::getpid();
  f.name = this_process::name();
  std::ifstream("/proc/self/comm") >> f.comm;
  f.descriptors = open_descriptors(::getpid());
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  f.descriptors_max = limit.rlim_cur;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "SigBlk:") status >> f.blocked_signals;
  }
  return f;
}

facts next_facts(bulkhead::runtime& rt, const queue<int>& sums, const std::string& text) {
  auto answer = rt.call(tell_facts, text, sums);
  REQUIRE(answer.wait_for(soon) == std::future_status::ready);
  CHECK(sums.receive_for(soon) == static_cast<int>(text.size()));
  return answer.get();
}

}  // namespace

TEST_CASE("a process that waited is like one that was forked for it", "[process][reserve]") {
  bulkhead::runtime rt;
  queue<int> sums{rt};
  const pid_t keeper = keeper_of(rt);
  const pid_t waits = reserve_of(keeper);
  REQUIRE(waits != 0);
  // The second follows at once, so that none waits for it.
  const std::string text(GENERATE(10, 100'000), 'x');
  const facts first = next_facts(rt, sums, text);
  const facts second = next_facts(rt, sums, text);
  CHECK(first.pid == waits);
  CHECK(second.pid != waits);
  CHECK(first.name.substr(0, 4) == second.name.substr(0, 4));
  CHECK(first.comm.substr(0, 4) == second.comm.substr(0, 4));
  CHECK(first.descriptors == second.descriptors);
  CHECK(first.descriptors_max == second.descriptors_max);
  CHECK(first.blocked_signals == second.blocked_signals);
}

TEST_CASE("one that was killed as it waited is missed by nobody", "[process][reserve][crash]") {
  bulkhead::runtime rt;
  queue<int> sums{rt};
  const pid_t keeper = keeper_of(rt);
  for (int n = 0; n < 5; ++n) {
    const pid_t waits = reserve_of(keeper);
    REQUIRE(waits != 0);
    ::kill(waits, SIGKILL);
    REQUIRE(eventually([&] { return children_called("bh-reserve", keeper).empty(); }));
    CHECK(next_facts(rt, sums, "text").pid != waits);
  }
}

TEST_CASE("it ends with its keeper, and is none of the host's", "[process][reserve]") {
  pid_t waits = 0;
  {
    bulkhead::runtime rt;
    waits = reserve_of(keeper_of(rt));
    REQUIRE(waits != 0);
    CHECK(open_descriptors(waits) <= 6);  // standard streams, line, ledger, directory
  }
  CHECK(eventually([&] { return ::kill(waits, 0) != 0; }));
}
