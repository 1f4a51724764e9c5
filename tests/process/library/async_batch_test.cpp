#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <bulkhead/bulkhead.hpp>
#include <functional>
#include <string>
#include <vector>

#include "process/library/async_outcomes.hpp"
#include "support/catch.hpp"

// Large asynchronous batches beside the other work of their loop.
using bulkhead::queue;
using bulkhead_test::in_own_loop;
using bulkhead_test::outcome;

TEST_CASE("a large batch for which there is room lets other handlers run in between",
          "[async][queue][pipe][batch]") {
  constexpr std::size_t many = 100'000;
  in_own_loop own;
  outcome<std::size_t> sent;
  int turns = 0;
  const std::function<void()> other = [&] {
    if (sent.ec) return;
    ++turns;
    boost::asio::post(own.io, other);
  };
  const auto beside_others = [&] {
    other();
    own.run();
    CHECK(!sent.ec.value());
    CHECK(turns > 10);
  };
  SECTION("to a queue") {
    const queue<int> q{own.rt, {.capacity = many}};
    q.async_send_batch(std::vector<int>(many), sent.handler());
    CHECK(q.size() < many);
    beside_others();
    CHECK(q.size() == many);
  }
  SECTION("to a queue, of few that are large") {
    const queue<std::string> q{own.rt, {.payload_bytes = 64 << 20}};
    q.async_send_batch(std::vector<std::string>(48, std::string(1 << 20, 'x')), sent.handler());
    CHECK(q.size() < 48);
    beside_others();
    CHECK(q.size() == 48);
  }
  SECTION("to a pipe") {
    auto pipe =
        bulkhead::make_pipe<int, int>(own.rt, {.capacity = 1 << 17, .ring_bytes = 16 << 20});
    pipe.first.async_send_batch(std::vector<int>(many), sent.handler());
    beside_others();
    CHECK(sent.value == many);
  }
}
