// What a message is that came by a lane; lane_reader.cpp has when it is taken, and what follows.
#include <bit>
#include <bulkhead/actors/remote_error.hpp>
#include <cstdio>
#include <new>
#include <system_error>

#include "actor_endpoints.hpp"
#include "lane_answer.hpp"
#include "lane_reader.hpp"
#include "lane_sender.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::call_origin;
using bulkhead::detail::decoder;
using bulkhead::detail::endpoint_source;
using bulkhead::detail::message_endpoints;
using bulkhead::detail::pipe_core;

namespace {

// What the machine has too few of is `full` to who sent.
caf::error error_of_code(const std::error_code& code, const std::string& text) {
  const bool is_ours = code.category() == bulkhead::category();
  return error_for(is_ours ? static_cast<errc>(code.value()) : errc::full, text);
}

caf::error unreadable() {
  return error_for(errc::corrupt, "its bytes are no message to the actor");
}

}  // namespace

// @returns why it is none for the actor; nothing of it is the actor's then.
caf::error lane_reader::read(std::span<const std::byte> bytes, const call_origin& whose,
                             caf::mailbox_element_ptr& element) {
  try {
    return read_frame(bytes, whose, element);
  } catch (const std::system_error& failure) {  // no descriptors, no thread, or the system ends
    return error_of_code(failure.code(), failure.what());
  } catch (const std::bad_alloc& failure) {
    return error_for(errc::full, failure.what());
  } catch (const std::exception& failure) {  // a type's own reading of its fields
    return error_for(errc::corrupt, failure.what());
  }
}

caf::error lane_reader::read_frame(std::span<const std::byte> bytes, const call_origin& whose,
                                   caf::mailbox_element_ptr& element) {
  decoder from(bytes);
  const auto number = bulkhead::detail::decode<std::uint32_t>(from);
  if (from.failed()) return unreadable();
  const auto rest = bytes.subspan(frame_number_bytes);
  if (number == watch_frame) return read_watch(rest, whose);
  if (number == lane_frame) return read_lane(rest);
  if (number == only_watched_frame) return read_only_watched();
  if (whose.generation != 0 && !is_current_) return error_for(errc::peer_restarted);
  if (number == exit_frame) {
    error_record record;
    if (!bulkhead::detail::decode_all(rest, record)) return unreadable();
    element = compat::exit_message(error_of(record));
    return {};
  }
  if ((number & names_bit) != 0) return read_named(number & ~names_bit, rest, whose, element);
  element = element_of(number, rest, whose, nullptr);
  return element != nullptr ? caf::error() : unreadable();
}

// Told less and less often where nobody asks, since it may come to many.
void lane_reader::refuse(const call_origin& whose, const caf::error& why) {
  if (whose.generation != 0) return answer_with_error(*end_, whose, why);
  if (!std::has_single_bit(++unread_)) return;
  const std::string text = compat::render(state_->caf(), why);
  std::fprintf(stderr,
               "bulkhead: a message to the actor of the lane '%s' is dropped, which cannot be read "
               "(the %llu. so far): %s\n",
               lane_->name().c_str(), static_cast<unsigned long long>(unread_), text.c_str());
}

caf::error lane_reader::read_watch(std::span<const std::byte> bytes, const call_origin& whose) {
  std::uint32_t lives = 0;
  if (!bulkhead::detail::decode_all(bytes, lives)) return unreadable();
  if (lives == lives_before_) {
    watcher_ = whose;
    is_current_ = true;
  }
  return {};
}

// Somebody whom the sender gave a handle is to reach the actor straight.
caf::error lane_reader::read_lane(std::span<const std::byte> bytes) {
  message_endpoints names(*lane_);
  decoder from(bytes, &names);
  pipe_core end =
      bulkhead::detail::read_call_end(from, bulkhead::detail::reply_traffic<actor_bytes>(),
                                      bulkhead::detail::request_traffic<actor_bytes>());
  if (from.failed() || !end || actor_ == nullptr)
    return {};  // whoever has the other end hears that it is closed
  state_->serve(actor_server(std::move(end)), *codec_, actor_);
  return {};
}

// It ends when nobody else has it, and is told of then. The process of a hosted one has it.
caf::error lane_reader::read_only_watched() noexcept {
  if (how_ == hosting::lent) drop_actor();
  return {};
}

caf::error lane_reader::read_named(std::uint32_t number, std::span<const std::byte> bytes,
                                   const call_origin& whose, caf::mailbox_element_ptr& element) {
  decoder from(bytes);
  const auto count = bulkhead::detail::decode<std::uint32_t>(from);
  const std::size_t names_bytes = sizeof count + count * bulkhead::detail::endpoint_bytes;
  if (from.failed() || names_bytes > bytes.size()) return unreadable();
  message_endpoints opened(*lane_);
  actor_endpoints names(opened, *state_);
  element = element_of(number, bytes.subspan(names_bytes), whose, &names);
  if (element != nullptr) return {};
  if (!opened.failure()) return unreadable();
  return error_of_code(opened.failure(),
                       "a handle in it cannot be opened: " + opened.failure().message());
}

// The sender is made last: one that goes answers that the request was dropped.
caf::mailbox_element_ptr lane_reader::element_of(std::uint32_t number,
                                                 std::span<const std::byte> values,
                                                 const call_origin& whose, endpoint_source* names) {
  const bool is_request = whose.generation != 0;
  const std::uint32_t signature = signature_of(number);
  auto element = codec_->read_input(signature, values, nullptr,
                                    compat::number_of(is_request, number != signature), names);
  if (element == nullptr) return nullptr;
  const bool is_large = values.size() > lane_->whole_bytes_max();
  const auto load = [&] { return lane_load(end_, tally_, is_large ? values.size() : 0); };
  if (is_request) {
    element->sender =
        compat::make_reply<lane_answer>(state_->caf(), load(), *codec_, whose, signature);
  } else if (is_large) {
    element->sender = compat::make_proxy<laden_sender>(state_->caf(), load());
  } else {
    element->sender = tally_;
  }
  return element;
}

}  // namespace bulkhead::actors::detail
