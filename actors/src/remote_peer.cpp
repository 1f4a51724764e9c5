#include "remote_peer.hpp"

#include <bulkhead/actors/remote_error.hpp>
#include <chrono>

#include "actor_endpoints.hpp"
#include "error_bytes.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::encoder;
using bulkhead::detail::named_endpoints;
using bulkhead::detail::patience;

namespace {

using namespace std::chrono_literals;

// Messages that wait for room in this process; what is more is dropped, as by a full mailbox.
constexpr std::size_t kept_most = std::size_t{1} << 20;
constexpr auto room_patience = 200us;

}  // namespace

/// A request under way: told of the answer it brings that to the asker, on the pump's unit.
class pending_request final : public bulkhead::detail::call_continuation {
 public:
  pending_request(remote_peer& peer, caf::strong_actor_ptr proxy, caf::strong_actor_ptr asker,
                  caf::message_id id, std::uint32_t signature)
      : peer_(&peer),
        proxy_(std::move(proxy)),
        asker_(std::move(asker)),
        id_(id),
        signature_(signature) {}

  bool replied(std::span<const std::byte> value,
               bulkhead::detail::message_endpoints& opened) override {
    if (value.empty()) return false;
    const auto rest = value.subspan(1);
    caf::mailbox_element_ptr answer;
    if (value.front() == answer_values) {
      actor_endpoints names(opened, *peer_->state_);
      answer = peer_->codec().read_output(signature_, rest, proxy_, id_.response_id(), &names);
    } else {
      answer = compat::make_element(proxy_, id_.response_id(), decode_error(rest));
    }
    if (answer == nullptr) return false;
    give(std::move(answer));
    return true;
  }
  void failed(const call_failure& why) noexcept override {
    give(compat::make_element(proxy_, id_.response_id(), error_for(why.code, why.status)));
  }

 private:
  void give(caf::mailbox_element_ptr answer) {
    const std::unique_ptr<pending_request> all(this);
    if (asker_) asker_->enqueue(std::move(answer), peer_->unit_);
  }

  remote_peer* peer_;  // the pump keeps it
  caf::strong_actor_ptr proxy_;
  caf::strong_actor_ptr asker_;
  caf::message_id id_;
  std::uint32_t signature_;
};

std::size_t remote_peer::size_of(const compat::message_values& content,
                                 std::uint32_t number) const {
  if (number == exit_frame) {
    return frame_number_bytes +
           bulkhead::detail::encoded_size(record_of(content.get_as<caf::exit_msg>(0).reason));
  }
  return frame_number_bytes + codec().input_size(signature_of(number), content);
}

void remote_peer::write(const compat::message_values& content, std::uint32_t number,
                        encoder& to) const {
  bulkhead::detail::encode(to, number);
  if (number == exit_frame) {
    bulkhead::detail::encode(to, record_of(content.get_as<caf::exit_msg>(0).reason));
  } else {
    codec().write_input(signature_of(number), content, to);
  }
}

std::error_code remote_peer::post(std::size_t size, const compat::message_values& content,
                                  std::uint32_t number, patience how_long) {
  return lane_.core().post_with(
      size, [&](encoder& to) { write(content, number, to); }, how_long);
}

caf::error remote_peer::send(const caf::strong_actor_ptr& proxy, caf::mailbox_element& message,
                             compat::unit* host) {
  const compat::message_values& content = message.content();
  std::uint32_t number = codec().find(content);
  if (number == message_codec::none && content.match_elements<caf::exit_msg>()) {
    number = exit_frame;
  }
  if (number == message_codec::none) return caf::sec::unexpected_message;
  if (is_message(number) && message.mid.is_urgent_message()) number |= urgent_bit;
  if (refuses_.load(std::memory_order_relaxed) && message.mid.is_request()) return refusal();
  const bool waits = compat::may_wait(host);
  const bool names = is_message(number) && codec().input_names(signature_of(number));
  // What was sent before comes first.
  while (has_kept_.load(std::memory_order_acquire) && !is_done()) {
    flush();
    if (!has_kept_.load(std::memory_order_acquire)) break;
    if (!waits) {
      if (message.mid.is_request()) return error_for(errc::full);
      return names ? keep(named(content, number)) : keep(content, number);
    }
    std::this_thread::sleep_for(room_patience);
  }
  if (names) return send_named(proxy, message, number, waits);
  if (message.mid.is_request()) return request(proxy, message, number, waits);
  const auto ec = post(size_of(content, number), content, number,
                       waits ? patience::forever() : patience::none());
  if (ec == errc::full) return keep(content, number);
  return ec ? error_for(ec, {}) : caf::error();
}

template <class Begin>
caf::error remote_peer::begin_request(const caf::strong_actor_ptr& proxy,
                                      caf::mailbox_element& message, std::uint32_t number,
                                      bool may_wait_for_room, Begin begin) {
  auto made = std::make_unique<pending_request>(*this, proxy, message.sender, message.mid,
                                                signature_of(number));
  for (;;) {
    const std::error_code ec = begin(*made);
    if (!ec) {
      static_cast<void>(made.release());  // told, it goes
      return {};
    }
    if (ec != errc::full || !may_wait_for_room) return error_for(ec, {});
    std::this_thread::sleep_for(room_patience);
  }
}

caf::error remote_peer::request(const caf::strong_actor_ptr& proxy, caf::mailbox_element& message,
                                std::uint32_t number, bool may_wait_for_room) {
  const compat::message_values& content = message.content();
  const std::size_t size = size_of(content, number);
  return begin_request(proxy, message, number, may_wait_for_room, [&](pending_request& made) {
    call_ticket ticket;
    return lane_.core().begin_with(
        size, [&](encoder& to) { write(content, number, to); }, made, terms_, patience::none(),
        ticket);
  });
}

// Written before there is a place in the lane: making the lanes that it names sends messages
// itself. With a head where it names something: one that wants no reply, nothing but zeroes.
remote_peer::kept_message remote_peer::named(const compat::message_values& content,
                                             std::uint32_t number) const {
  const std::uint32_t signature = signature_of(number);
  std::vector<std::byte> values(codec().input_size(signature, content));
  named_endpoints found;
  encoder to(values.data(), &found);
  codec().write_input(signature, content, to);
  kept_message made;
  made.names = found.ids();
  const std::size_t head = made.names.empty() ? 0 : bulkhead::detail::call_head_bytes;
  const std::size_t names_bytes = made.names.size() * bulkhead::detail::endpoint_bytes;
  made.bytes.resize(head + named_message::before_names + names_bytes + values.size());
  encoder into(made.bytes.data() + head);
  bulkhead::detail::encode(into, number | names_bit);
  bulkhead::detail::encode(into, static_cast<std::uint32_t>(made.names.size()));
  for (const std::uint64_t name : made.names) bulkhead::detail::encode(into, name);
  std::copy(values.begin(), values.end(), into.room(values.size()));
  return made;
}

std::error_code remote_peer::post(const kept_message& message, patience how_long) {
  const auto& bytes = message.bytes;
  if (!message.names.empty()) return lane_.core().end().send_naming(bytes, message.names, how_long);
  return lane_.core().post_with(
      bytes.size(),
      [&](encoder& to) { std::copy(bytes.begin(), bytes.end(), to.room(bytes.size())); }, how_long);
}

caf::error remote_peer::send_named(const caf::strong_actor_ptr& proxy,
                                   caf::mailbox_element& message, std::uint32_t number,
                                   bool may_wait_for_room) {
  kept_message made = named(message.content(), number);
  if (!message.mid.is_request()) {
    const auto ec = post(made, may_wait_for_room ? patience::forever() : patience::none());
    if (ec == errc::full) return keep(std::move(made));
    return ec ? error_for(ec, {}) : caf::error();
  }
  const std::span<const std::byte> all = made.bytes;
  return begin_request(proxy, message, number, may_wait_for_room, [&](pending_request& asked) {
    call_ticket ticket;
    if (made.names.empty()) {
      const auto fill = [&](encoder& to) {
        std::copy(all.begin(), all.end(), to.room(all.size()));
      };
      return lane_.core().begin_with(all.size(), fill, asked, terms_, patience::none(), ticket);
    }
    const auto rest = all.subspan(bulkhead::detail::call_head_bytes);
    return lane_.core().begin(named_message{rest, &made.names}, asked, terms_, patience::none(),
                              ticket);
  });
}

bool remote_peer::hand_over(const actor_server& lane, const message_codec& codec) {
  if (&codec != &this->codec()) return false;
  const std::vector<std::uint64_t> names{lane.end().id()};
  std::vector<std::byte> bytes(bulkhead::detail::call_head_bytes + frame_number_bytes +
                               bulkhead::detail::endpoint_bytes);
  named_endpoints found;
  encoder to(bytes.data() + bulkhead::detail::call_head_bytes, &found);
  bulkhead::detail::encode(to, lane_frame);
  to.put_endpoint(names.front());
  return !lane_.core().end().send_naming(bytes, names, patience::none());
}

caf::error remote_peer::keep(const compat::message_values& content, std::uint32_t number) {
  kept_message message;
  message.bytes.resize(size_of(content, number));
  encoder to(message.bytes.data());
  write(content, number, to);
  return keep(std::move(message));
}

caf::error remote_peer::keep(kept_message message) {
  {
    const std::lock_guard lock(mutex_);
    if (kept_.size() >= kept_most) return error_for(errc::full);
    kept_.push_back(std::move(message));
    has_kept_.store(true, std::memory_order_release);
  }
  call();
  return {};
}

void remote_peer::flush() {
  const std::lock_guard lock(mutex_);
  for (; !kept_.empty(); kept_.pop_front()) {
    if (post(kept_.front(), patience::none()) == errc::full) return;
  }
  has_kept_.store(false, std::memory_order_release);
}

}  // namespace bulkhead::actors::detail
