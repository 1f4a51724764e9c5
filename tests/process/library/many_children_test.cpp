// More mailboxes and children than the host may have descriptors.
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "process/library/few_descriptors.hpp"
#include "process/library/waits.hpp"

using bulkhead_test::low_limit;
using bulkhead_test::soon;

namespace {

constexpr rlim_t few = 1024;
constexpr int children = 1000;

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

using text_queue = bulkhead::queue<std::string>;
using end_here = bulkhead::pipe_end<int, int>;

// What comes by the pipe goes back by both, by the queue as a text that no slot holds.
void answer(text_queue texts, end_here line) {
  for (;;) {
    std::error_code ec;
    const int n = line.receive(ec);
    if (ec) return;
    texts.send(std::string(1000, 'a') + std::to_string(n));
    line.send(n + 1);
  }
}

struct relation {
  text_queue texts;
  end_here line;
  bulkhead::process child;
};

relation make_relation(bulkhead::runtime& rt) {
  text_queue texts{rt, {.capacity = 8, .payload_bytes = 256 << 10, .participants = 3}};
  auto [ours, its] = bulkhead::make_pipe<int, int>(rt, {.capacity = 8});
  auto child = rt.spawn(answer, texts, std::move(its));
  return {std::move(texts), std::move(ours), std::move(child)};
}

bool is_the_answer(const std::optional<std::string>& text, int n) {
  return text && *text == std::string(1000, 'a') + std::to_string(n);
}

}  // namespace

TEST_CASE("1000 children, each with a queue and a pipe, need no more descriptors than a host has",
          "[process][scale]") {
  const low_limit limit(few);
  bulkhead::runtime rt;
  std::vector<relation> all;
  for (int n = 0; n < children; ++n) all.push_back(make_relation(rt));
  CHECK(open_descriptors() < few / 2 + 32);
  int right = 0;
  for (int n = 0; n < children; ++n) all[n].line.send(n);
  for (int n = 0; n < children; ++n) {
    right += is_the_answer(all[n].texts.receive_for(soon), n) &&
             all[n].line.receive_for(soon) == std::optional(n + 1);
  }
  CHECK(right == children);
  SECTION("and those without descriptors can be waited for by descriptors as well") {
    relation& last = all.back();
    auto text = last.texts.async_receive(boost::asio::use_future);
    auto number = last.line.async_receive(boost::asio::use_future);
    last.line.send(5);
    REQUIRE(text.wait_for(soon) == std::future_status::ready);
    CHECK(is_the_answer(text.get(), 5));
    REQUIRE(number.wait_for(soon) == std::future_status::ready);
    CHECK(number.get() == 6);
    last.line.send(7);
    CHECK(bulkhead::wait_any(soon, all[1].texts, last.texts) == 1);
  }
  for (relation& r : all) r.line.close();
  int well = 0;
  for (relation& r : all) well += r.child.join().success();
  CHECK(well == children);
}

TEST_CASE("a queue for which there is no descriptor is refused by its name and with what to do",
          "[process][scale]") {
  const low_limit limit(128);
  bulkhead::runtime rt;
  bulkhead::queue<int> before{rt};
  auto taken = bulkhead_test::take_all_descriptors();
  try {
    bulkhead::queue<int> q{rt, {.name = "orders"}};
    FAIL("it was made");
  } catch (const std::system_error& failure) {
    CHECK(failure.code() == std::error_code(EMFILE, std::system_category()));
    CHECK(std::string(failure.what()).find("'orders'") != std::string::npos);
    CHECK(std::string(failure.what()).find("ulimit") != std::string::npos);
  }
  CHECK_THROWS_AS((bulkhead::make_pipe<int, int>(rt)), std::system_error);
  taken.clear();
  bulkhead::queue<int> after{rt, {.name = "orders"}};
  after.send(1);
  CHECK(after.receive() == 1);
}
