#include <array>
#include <bulkhead/bulkhead.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// The forms of a forward, of one delivery and of several, and what they tell.
using namespace std::chrono_literals;
using bulkhead::delivery;
using bulkhead::errc;
using bulkhead::queue;
using bulkhead::to;
using bulkhead_test::eventually;
using bulkhead_test::soon;

namespace {

/// An input with messages 1, 2, 3, and an output that is full.
struct stage {
  bulkhead::runtime rt;
  queue<int> in{rt, {.name = "jobs"}};
  queue<int> out{rt, {.name = "results", .capacity = 1}};
  std::error_code ec = make_error_code(errc::corrupt);  // each call sets it

  stage() {
    in.send_batch(std::vector{1, 2, 3});
    out.send(0);
  }
};

template <class Call>
std::string text_of(Call call) {
  try {
    call();
  } catch (const bulkhead::error& failure) {
    return failure.what();
  }
  return "nothing";
}

}  // namespace

TEMPLATE_TEST_CASE("a forward that finds no room keeps the lease, in every form", "[queue]",
                   queue<int>, bulkhead::queue_sender<int>) {
  stage s;
  const TestType out(s.out);
  auto d = s.in.take();
  SECTION("to one output") {
    CHECK_FALSE(d.try_forward(out, 10));
    CHECK_FALSE(d.try_forward(out, 10, s.ec));
    CHECK_FALSE(s.ec);
    CHECK_FALSE(d.forward_for(out, 10, 1ms));
    CHECK_FALSE(d.forward_for(out, 10, 1ms, s.ec));
  }
  SECTION("to those that are named") {
    CHECK_FALSE(d.try_forward(to(out, 10)));
    CHECK_FALSE(d.try_forward(s.ec, to(out, 10)));
    CHECK_FALSE(s.ec);
    CHECK_FALSE(d.forward_for(1ms, to(out, 10)));
    CHECK_FALSE(d.forward_for(s.ec, 1ms, to(out, 10)));
  }
  SECTION("from several") {
    std::array<delivery<int>, 2> both{std::move(d), s.in.take()};
    CHECK_FALSE(bulkhead::try_forward(both, to(out, 10)));
    CHECK_FALSE(bulkhead::try_forward(s.ec, both, to(out, 10)));
    CHECK_FALSE(s.ec);
    CHECK_FALSE(bulkhead::forward_for(1ms, both, to(out, 10)));
    CHECK_FALSE(bulkhead::forward_for(s.ec, 1ms, both, to(out, 10)));
    CHECK(both[1]);
    d = std::move(both[0]);
  }
  CHECK_FALSE(s.ec);
  CHECK(d);
  CHECK(s.out.receive() == 0);
  CHECK(s.out.empty());
}

TEMPLATE_TEST_CASE("a forward that has room is done, in every form", "[queue]", queue<int>,
                   bulkhead::queue_sender<int>) {
  stage s;
  const TestType out(s.out);
  CHECK(s.out.receive() == 0);
  delivery<int> d;
  const std::span one(&d, 1);
  std::error_code& ec = s.ec;
  const auto is_done = [&](auto form) {
    s.in.send(9);
    d = s.in.take();
    ec = errc::corrupt;
    form();
    CHECK_FALSE(d);
    CHECK(s.out.try_receive() == 10);
  };
  SECTION("to one output") {
    is_done([&] { d.forward(out, 10); });
    is_done([&] { CHECK(d.try_forward(out, 10)); });
    is_done([&] { CHECK(d.forward_for(out, 10, soon)); });
    is_done([&] {
      d.forward(out, 10, ec);
      CHECK_FALSE(ec);
    });
    is_done([&] { CHECK((d.try_forward(out, 10, ec) && !ec)); });
    is_done([&] { CHECK((d.forward_for(out, 10, soon, ec) && !ec)); });
  }
  SECTION("to those that are named") {
    is_done([&] { d.forward(to(out, 10)); });
    is_done([&] { CHECK(d.try_forward(to(out, 10))); });
    is_done([&] { CHECK(d.forward_for(soon, to(out, 10))); });
    is_done([&] {
      d.forward(ec, to(out, 10));
      CHECK_FALSE(ec);
    });
    is_done([&] { CHECK((d.try_forward(ec, to(out, 10)) && !ec)); });
    is_done([&] { CHECK((d.forward_for(ec, soon, to(out, 10)) && !ec)); });
  }
  SECTION("from several") {
    is_done([&] { bulkhead::forward(one, to(out, 10)); });
    is_done([&] { CHECK(bulkhead::try_forward(one, to(out, 10))); });
    is_done([&] { CHECK(bulkhead::forward_for(soon, one, to(out, 10))); });
    is_done([&] {
      bulkhead::forward(ec, one, to(out, 10));
      CHECK_FALSE(ec);
    });
    is_done([&] { CHECK((bulkhead::try_forward(ec, one, to(out, 10)) && !ec)); });
    is_done([&] { CHECK((bulkhead::forward_for(ec, soon, one, to(out, 10)) && !ec)); });
  }
}

namespace {

template <class D, class... Targets>
concept forwards = requires(D& d, std::error_code& ec, const Targets&... targets) {
  d.forward(targets...);
}
|| requires(D& d, std::error_code& ec, const Targets&... targets) { d.forward(ec, targets...); }
|| requires(D& d, const Targets&... targets) { d.try_forward(targets...); };

using some_target = decltype(to(std::declval<const queue<int>&>(), 1));
static_assert(forwards<delivery<int>, some_target>);
static_assert(!forwards<delivery<int>>, "that would be an acknowledgement");

}  // namespace

TEST_CASE("more deliveries than one step can settle are refused, in every form", "[queue]") {
  stage s;
  s.in.send_batch(std::vector<int>(14));
  auto all = s.in.take_batch(17);
  REQUIRE(all.size() == 17);
  const auto is_refused = [](auto call) {
    try {
      call();
    } catch (const bulkhead::error& failure) {
      return failure.code() == errc::unsupported;
    }
    return false;
  };
  CHECK(is_refused([&] { bulkhead::forward(all, to(s.out, 1)); }));
  CHECK(is_refused([&] { bulkhead::try_forward(all, to(s.out, 1)); }));
  CHECK(is_refused([&] { bulkhead::forward_for(1ms, all, to(s.out, 1)); }));
  bulkhead::forward(s.ec, all, to(s.out, 1));
  CHECK(s.ec == errc::unsupported);
  CHECK((all.front() && all.back()));
}

TEST_CASE("what only converts to a message is forwarded too", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> in{rt};
  const queue<std::string> out{rt};
  in.send_batch(std::vector{1, 2});
  in.take().forward(out, std::vector<std::string_view>{"one", "two"});
  in.take().forward(out, std::optional<std::string_view>("three"));
  CHECK(out.receive() == "one");
  CHECK(out.receive() == "two");
  CHECK(out.receive() == "three");
}

TEST_CASE("a vector, an array and a span of deliveries are forwarded alike", "[queue]") {
  stage s;
  CHECK(s.out.receive() == 0);
  auto all = s.in.take_batch(1);
  bulkhead::forward(all, to(s.out, 1));
  CHECK(s.out.receive() == 1);
  std::array<delivery<int>, 1> one{s.in.take()};
  bulkhead::forward(one, to(s.out, 2));
  CHECK(s.out.receive() == 2);
  delivery<int> plain[] = {s.in.take()};
  bulkhead::forward(plain, to(s.out, 3));
  CHECK(s.out.receive() == 3);
  s.in.send(4);
  bulkhead::forward(s.in.take_batch(1), to(s.out, 4));
  CHECK(s.out.receive() == 4);
  CHECK(s.in.join_for(soon));
}

TEST_CASE("a forward that fails at an output names it", "[queue]") {
  stage s;
  queue<std::string> texts{s.rt, {.name = "texts", .payload_bytes = 64 << 10}};
  const std::vector<std::string> large(3, std::string(30'000, 'x'));
  auto d = s.in.take();
  SECTION("that never has room") {
    const std::string one = text_of([&] { d.forward(texts, large); });
    CHECK_THAT(one, Catch::StartsWith("forwarding from queue 'jobs' to queue 'texts': "));
    const std::string two = text_of([&] { d.forward(to(s.out, 1), to(s.out, 2), to(texts, "x")); });
    CHECK_THAT(two, Catch::StartsWith("forwarding from queue 'jobs' to queue 'results': "));
  }
  SECTION("that is closed") {
    texts.close();
    CHECK(s.out.receive() == 0);
    const std::string two = text_of([&] { d.forward(to(s.out, 1), to(texts, "x")); });
    CHECK_THAT(two, Catch::StartsWith("forwarding from queue 'jobs' to queue 'texts': "));
    s.out.close();
    CHECK_THAT(text_of([&] { d.forward(s.out, 1); }),
               Catch::StartsWith("forwarding from queue 'jobs' to queue 'results': "));
    CHECK_THAT(text_of([&] { s.in.transform(s.out, [](int n) { return n; }); }),
               Catch::StartsWith("forwarding from queue 'jobs' to queue 'results': "));
  }
  SECTION("that is no queue") {
    CHECK_THAT(text_of([&] { d.forward(queue<int>(), 1); }),
               Catch::Contains("'jobs'") && Catch::Contains("this handle names no queue"));
  }
  CHECK(d);
}

TEST_CASE("a stage goes on after a lease that was lost, whatever it sends by", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> in{rt, {.max_deliveries = 0, .lease = 1ms}};
  const queue<int> out{rt};
  in.send(1);
  in.close();
  int times = 0;
  // The first time it takes until the lease is over, and the message is there again.
  const auto slow_once = [&](int n) {
    if (times++ == 0) REQUIRE(eventually([&] { return in.size() == 1; }));
    return n * 10;
  };
  std::error_code ec;
  const std::string_view by = GENERATE("queue", "queue, ec", "sender", "sender, ec");
  CAPTURE(by);
  if (by == "queue") in.transform(out, slow_once);
  if (by == "queue, ec") in.transform(out, slow_once, ec);
  if (by == "sender") in.transform(out.sender(), slow_once);
  if (by == "sender, ec") in.transform(out.sender(), slow_once, ec);
  CHECK_FALSE(ec);
  CHECK(times >= 2);
  CHECK(out.receive() == 10);
  CHECK(out.empty());
}

TEST_CASE("a delivery whose lease is found lost is over", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, {.max_deliveries = 0, .lease = 1ms}};
  const queue<int> kept{rt};
  const queue<int> out{rt};
  q.send(1);
  kept.send(2);
  auto late = q.take();
  REQUIRE(eventually([&] { return q.size() == 1; }));
  std::error_code ec;
  const auto is_lost = [&] { return ec == errc::lease_lost; };
  SECTION("by a forward") {
    late.forward(out, 3, ec);
    CHECK(is_lost());
  }
  SECTION("by a forward that throws") {
    CHECK_THAT(text_of([&] { late.forward(out, 3); }), Catch::Contains("lease was lost"));
  }
  SECTION("by a forward of several, of which the others are kept") {
    std::array<delivery<int>, 2> both{std::move(late), kept.take()};
    bulkhead::forward(ec, both, to(out, 3));
    CHECK(is_lost());
    CHECK(both[1]);
    late = std::move(both[0]);
  }
  SECTION("by an extension") {
    late.extend(1h, ec);
    CHECK(is_lost());
  }
  SECTION("by a reject") {
    late.reject("bad", ec);
    CHECK(is_lost());
  }
  CHECK_FALSE(late);
  CHECK(out.empty());
  late.ack(ec);
  CHECK(ec == errc::already_settled);
}

TEST_CASE("a forward waits for room whatever the output's policy", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> in{rt};
  const auto policy = GENERATE(bulkhead::overflow::refuse, bulkhead::overflow::drop_oldest,
                               bulkhead::overflow::drop_newest);
  const queue<int> out{rt, {.capacity = 1, .overflow = policy}};
  in.send(1);
  out.send(0);
  auto d = in.take();
  CHECK_FALSE(d.try_forward(out, 2));
  CHECK_FALSE(d.forward_for(out, 2, 1ms));
  CHECK(out.receive() == 0);
  CHECK(d.forward_for(out, 2, soon));
  CHECK(out.receive() == 2);
}
