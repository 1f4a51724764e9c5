#include <thread>

#include "runtime/pipe_ring_memory.hpp"
#include "support/catch.hpp"

using namespace pipe_ring;

TEST_CASE("a ring of slots holds its capacity, in order", "[pipe][unit]") {
  memory_pipe pipe(8, 3, 4096);
  sender s(pipe);
  receiver r(pipe);
  for (int lap = 0; lap < 5; ++lap) {
    CHECK(r.receive() == "(nothing)");
    for (const char* text : {"11111111", "22222222", "33333333"}) CHECK(s.send(text));
    CHECK_FALSE(s.send("44444444"));
    CHECK(s.ring.under_way() == 3);
    for (const char* text : {"11111111", "22222222", "33333333"}) CHECK(r.receive() == text);
  }
}

TEST_CASE("large messages of one size have two slots at least", "[pipe][unit]") {
  const auto d = core::shape_direction(1, 65536, 1024, 4096);
  CHECK(d.capacity == 2);
  CHECK(d.ring_bytes == 2 * 65536);
  const core::pipe_shape shape{{d, d}};
  CHECK(core::bad_shape(shape) == nullptr);
}

TEST_CASE("frames of any size follow one another around the ring", "[pipe][unit]") {
  memory_pipe pipe(0, 1024, 4096);
  sender s(pipe);
  receiver r(pipe);
  std::vector<std::string> under_way;
  std::size_t sent = 0;
  std::size_t received = 0;
  std::size_t refused = 0;
  while (received < 3000) {
    const std::string text(sent * 37 % (s.ring.whole_bytes_max() + 1), char('a' + sent % 26));
    if (s.send(text)) {
      under_way.push_back(text);
      ++sent;
      continue;
    }
    ++refused;
    REQUIRE_FALSE(under_way.empty());
    for (std::size_t n = under_way.size() / 2 + 1; n != 0; --n, ++received) {
      if (r.receive() != under_way.front()) FAIL("message " << received << " is another");
      under_way.erase(under_way.begin());
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("a ring of bytes holds no more messages than its capacity", "[pipe][unit]") {
  memory_pipe pipe(0, 2, 4096);
  sender s(pipe);
  receiver r(pipe);
  CHECK(s.send(""));
  CHECK(s.send("b"));
  CHECK_FALSE(s.send("c"));
  CHECK(r.receive().empty());
  CHECK(s.send("c"));
  CHECK(r.receive() == "b");
  CHECK(r.receive() == "c");
  std::byte* at = nullptr;
  CHECK(s.ring.reserve(s.ring.whole_bytes_max() + 1, at) == core::pipe_room::too_large);
}

namespace {

// Sends what there is room for. @returns how many bytes.
std::size_t send_pieces(sender& s, const std::string& text, std::size_t from) {
  std::size_t sent = from;
  core::pipe_room room{};
  do {
    const auto rest = std::as_bytes(std::span(text)).subspan(sent);
    sent += s.ring.publish_piece(rest, sent == 0, true, room);
  } while (room == core::pipe_room::there && sent < text.size());
  return sent;
}

}  // namespace

TEST_CASE("a message larger than the ring comes in pieces", "[pipe][unit]") {
  memory_pipe pipe(0, 4, 4096);
  sender s(pipe);
  receiver r(pipe);
  std::string text(100'000, 'x');
  for (std::size_t n = 0; n < text.size(); ++n) text[n] = static_cast<char>('a' + n % 23);
  for (std::size_t sent = 0; sent < text.size();) {
    CHECK(r.ring.find() == core::pipe_next::nothing);
    sent = send_pieces(s, text, sent);
  }
  CHECK((r.receive() == text));
  CHECK(s.send("next"));
  CHECK(r.receive() == "next");
}

TEST_CASE("a restart behind a full turn of pieces is told by the look that takes them in",
          "[pipe][unit]") {
  memory_pipe pipe(0, 4, 4096);
  receiver r(pipe);
  {
    sender s(pipe);
    const std::string text(4096, 'x');
    CHECK(send_pieces(s, text, 0) < text.size());
    // Exactly a turn: its sender died behind the last unit.
    const core::frame_position head{pipe.view().positions(1).head.load()};
    const core::frame_position tail{pipe.view().positions(0).tail.load()};
    REQUIRE(tail.units_since(head) == 4096 / core::frame_unit);
  }
  restart(pipe);
  CHECK(r.receive() == "(restarted)");
  sender next(pipe);
  CHECK(next.send("whole"));
  CHECK(r.receive() == "whole");
}

TEST_CASE("the last piece keeps its place until its message is received", "[pipe][unit]") {
  memory_pipe pipe(0, 4, 4096);
  sender s(pipe);
  receiver r(pipe);
  const std::string text(10'000, 'x');
  for (std::size_t sent = send_pieces(s, text, 0); sent < text.size();) {
    CHECK(r.ring.find() == core::pipe_next::nothing);
    sent = send_pieces(s, text, sent);
  }
  const auto& tail = pipe.view().positions(0).tail;
  const auto& head = pipe.view().positions(1).head;
  REQUIRE(r.ring.find() == core::pipe_next::message);
  REQUIRE(r.ring.find() == core::pipe_next::message);
  CHECK(head.load() != tail.load());
  r.ring.finish();
  CHECK(head.load() == tail.load());
}

TEST_CASE("a message whose sender gave up midway is never delivered", "[pipe][unit]") {
  memory_pipe pipe(0, 4, 4096);
  sender s(pipe);
  receiver r(pipe);
  const std::string text(10'000, 'x');
  CHECK(send_pieces(s, text, 0) < text.size());
  CHECK(r.receive() == "(nothing)");
  SECTION("and sends another") {
    CHECK(s.send("whole"));
    CHECK(r.receive() == "whole");
  }
  SECTION("by dying, and its next incarnation sends") {
    restart(pipe);
    sender next(pipe);
    CHECK(next.send("whole"));
    CHECK(r.receive() == "(restarted)");
    CHECK(r.receive() == "whole");
  }
}

TEST_CASE("who takes over a receiver in the middle of a message gets the next one",
          "[pipe][unit]") {
  memory_pipe pipe(0, 4, 4096);
  sender s(pipe);
  const std::string text(10'000, 'x');
  std::size_t sent = send_pieces(s, text, 0);
  {
    receiver dies(pipe);
    CHECK(dies.receive() == "(nothing)");
  }
  receiver r(pipe);
  while (sent < text.size()) {
    sent = send_pieces(s, text, sent);
    CHECK(r.receive() == "(nothing)");
  }
  CHECK(s.send("next"));
  CHECK(r.receive() == "next");
}

TEST_CASE("who takes over either side goes on where the other stopped", "[pipe][unit]") {
  const std::uint32_t slot = GENERATE(0u, 8u);
  memory_pipe pipe(slot, 8, 4096);
  {
    sender s(pipe);
    CHECK(s.send("11111111"));
    CHECK(s.send("22222222"));
    std::byte* at = nullptr;
    CHECK(s.ring.reserve(8, at) == core::pipe_room::there);
    std::memset(at, 'x', 8);  // it dies here: nobody sees this
  }
  {
    receiver r(pipe);
    CHECK(r.receive() == "11111111");
    CHECK(r.ring.find() == core::pipe_next::message);  // it dies here: not received
  }
  restart(pipe);
  sender s(pipe);
  CHECK(s.send("33333333"));
  receiver r(pipe);
  CHECK(r.receive() == "22222222");
  CHECK(r.receive() == "(restarted)");
  CHECK(r.receive() == "33333333");
  CHECK(r.receive() == "(nothing)");
}

TEST_CASE("each restart is told once, between its messages", "[pipe][unit]") {
  memory_pipe pipe(8, 8, 4096);
  receiver r(pipe);
  for (const char* text : {"11111111", "22222222", "33333333"}) {
    sender s(pipe);
    CHECK(s.send(text));
    restart(pipe);
  }
  for (const char* text : {"11111111", "22222222", "33333333"}) {
    std::uint64_t fast = 0;
    CHECK(r.port->receive(fast, false) == detail::fast::no);  // the gate is shut: nobody's
    CHECK(r.receive() == text);
    CHECK(r.receive() == "(restarted)");
  }
  CHECK(r.receive() == "(nothing)");
}

TEST_CASE("positions that cannot be are corrupt, not followed", "[pipe][unit]") {
  const std::uint32_t slot = GENERATE(0u, 8u);
  memory_pipe pipe(slot, 4, 4096);
  sender s(pipe);
  receiver r(pipe);
  CHECK(s.send("11111111"));
  SECTION("a tail beyond the ring") {
    pipe.view().positions(0).tail.store(1u << 20);
    CHECK(r.receive() == "(corrupt)");
  }
  SECTION("a tail before the head") {
    CHECK(r.receive() == "11111111");
    pipe.view().positions(0).tail.store(0);
    CHECK(r.receive() == "(corrupt)");
  }
  SECTION("a head beyond the tail") {
    std::byte* at = nullptr;
    pipe.view().positions(1).head.store(1u << 20);
    s.port->free_to = s.port->tail();
    // Found at the next look at the head, when what is known to be free is used up.
    core::pipe_room room = core::pipe_room::there;
    for (int n = 0; n < 1000 && room == core::pipe_room::there; ++n) {
      room = s.ring.reserve(8, at);
      if (room == core::pipe_room::there) s.ring.publish();
    }
    CHECK(room == core::pipe_room::corrupt);
  }
  SECTION("a restart that nobody could have marked") {
    pipe.view().record(0).restarts.store(1000);
    CHECK(r.receive() == "(corrupt)");
  }
  SECTION("a mark beyond the tail") {
    pipe.view().record(0).marks[0].store(77777);
    pipe.view().record(0).restarts.store(1);
    CHECK(r.receive() == "(corrupt)");
  }
}

TEST_CASE("a frame that cannot be is corrupt, not read", "[pipe][unit]") {
  memory_pipe pipe(0, 4, 4096);
  sender s(pipe);
  receiver r(pipe);
  CHECK(s.send("11111111"));
  core::frame_head head;
  std::memcpy(&head, pipe.view().ring(0), sizeof head);
  // Longer than what was sent, longer than all memory, of no kind, a pad where none can be.
  const auto bad = GENERATE(0, 1, 2, 3);
  if (bad == 0) head.bytes = 1000;
  if (bad == 1) head.bytes = 0xffff'ffff;
  if (bad == 2) head.kind = 99;
  if (bad == 3) head.kind = core::frame_head::pad;
  std::memcpy(pipe.view().ring(0), &head, sizeof head);
  CHECK(r.receive() == "(corrupt)");
}

TEST_CASE("a header that is no pipe's is refused with a reason", "[pipe][unit]") {
  memory_pipe pipe(8, 4, 4096);
  auto& header = *reinterpret_cast<core::pipe_header*>(pipe.base());
  const std::uint64_t bytes = core::pipe_layout(pipe.view().shape()).total_bytes;
  core::pipe_shape shape;
  CHECK(core::read_shape(pipe.base(), bytes, shape) == nullptr);
  CHECK(shape == pipe.view().shape());
  CHECK(core::read_shape(pipe.base(), bytes - 4096, shape) != nullptr);
  const auto field = GENERATE(0, 1, 2, 3, 4);
  if (field == 0) header.magic += 1;
  if (field == 1) header.format += 1;
  if (field == 2) header.shape.directions[0].capacity = 0;
  if (field == 3) header.shape.directions[1].slot_bytes = 7;
  if (field == 4) header.shape.directions[1].ring_bytes = ~std::uint64_t{0};
  CHECK(core::read_shape(pipe.base(), bytes, shape) != nullptr);
}

TEST_CASE("two threads pass 200 000 messages through a small ring", "[pipe][unit]") {
  const std::uint32_t slot = GENERATE(0u, 8u);
  constexpr std::uint64_t count = 200'000;
  memory_pipe pipe(slot, 64, 4096);
  std::thread producer([&] {
    sender s(pipe);
    for (std::uint64_t n = 0; n < count; ++n) {
      std::string text(8, '\0');
      std::memcpy(text.data(), &n, 8);
      if (slot == 0) text.resize(8 + n % 100, 'x');
      while (!s.send(text)) std::this_thread::yield();
    }
  });
  receiver r(pipe);
  std::uint64_t bad = 0;
  for (std::uint64_t n = 0; n < count;) {
    if (r.ring.find() != core::pipe_next::message) {
      std::this_thread::yield();
      continue;
    }
    std::uint64_t got = 0;
    std::memcpy(&got, r.ring.message().data(), 8);
    bad += got != n || r.ring.message().size() != (slot == 0 ? 8 + n % 100 : 8) ? 1 : 0;
    r.ring.finish();
    ++n;
  }
  producer.join();
  CHECK(bad == 0);
}

TEST_CASE("the fast path sends and receives what the slow path does", "[pipe][unit]") {
  memory_pipe pipe(8, 8, 4096);
  sender s(pipe);
  receiver r(pipe);
  std::atomic<std::uint32_t> stop = 0;
  r.port->stop = &stop;
  s.port->gate.give_to(detail::this_thread_mark());
  r.port->gate.give_to(detail::this_thread_mark());
  std::uint64_t got = 0;
  for (std::uint64_t n = 0; n < 8; ++n)
    CHECK(s.port->send_after_look(n, true) == detail::fast::done);
  CHECK(s.port->send_after_look(std::uint64_t{8}, false) == detail::fast::no);
  for (std::uint64_t n = 0; n < 8; ++n) {
    CHECK(r.port->receive_after_look(got, true) == detail::fast::done);
    CHECK(got == n);
  }
  CHECK(r.port->receive_after_look(got, false) == detail::fast::no);
  SECTION("the shortest way ends where nothing is known to be there, and is the same else") {
    CHECK(r.port->receive(got, true) == detail::fast::no);
    CHECK(s.port->send(std::uint64_t{9}) == detail::fast::no);
    CHECK(s.port->send_after_look(std::uint64_t{9}, true) == detail::fast::done);
    CHECK(s.port->send(std::uint64_t{10}) == detail::fast::done);
    CHECK(r.port->receive_after_look(got, true) == detail::fast::done);
    CHECK(got == 9);
    CHECK(r.port->receive(got, true) == detail::fast::done);
    CHECK(got == 10);
    stop = 1;
    CHECK(s.port->send(std::uint64_t{11}) == detail::fast::done);
    CHECK(r.port->receive(got, true) == detail::fast::no);
  }
  SECTION("a sleeper gets attention") {
    pipe.view().alarm(1).attention.store(detail::attention::receiver_asleep);
    CHECK(s.port->send_after_look(std::uint64_t{9}, true) == detail::fast::heed);
    pipe.view().alarm(0).attention.store(detail::attention::sender_asleep);
    CHECK(r.port->receive_after_look(got, true) == detail::fast::heed);
  }
  SECTION("a stop request ends a waiting call before it takes anything") {
    CHECK(s.port->send_after_look(std::uint64_t{9}, true) == detail::fast::done);
    stop = 1;
    CHECK(r.port->receive_after_look(got, true) == detail::fast::no);
    CHECK(r.port->receive_after_look(got, false) == detail::fast::done);
  }
  SECTION("a restart is the slow path's to tell") {
    restart(pipe);
    CHECK(s.port->send_after_look(std::uint64_t{9}, true) == detail::fast::done);
    CHECK(r.port->receive_after_look(got, false) == detail::fast::no);
  }
  SECTION("what is lent out nobody else touches") {
    std::byte* at = s.port->lend_after_look(8, true);
    REQUIRE(at != nullptr);
    CHECK(s.port->send_after_look(std::uint64_t{10}, true) == detail::fast::no);
    got = 9;
    std::memcpy(at, &got, 8);
    CHECK(s.port->publish_lent() == detail::fast::done);
    CHECK(r.port->lend_after_look(8, true) != nullptr);
    CHECK(r.port->receive_after_look(got, false) == detail::fast::no);
    CHECK(r.port->release_lent() == detail::fast::done);
    CHECK(s.port->send_after_look(std::uint64_t{11}, true) == detail::fast::done);
    CHECK(r.port->receive_after_look(got, false) == detail::fast::done);
    CHECK(got == 11);
  }
}
