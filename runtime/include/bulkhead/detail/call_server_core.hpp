#pragma once

#include <bulkhead/detail/call_client_core.hpp>
#include <bulkhead/detail/message_io.hpp>
#include <bulkhead/detail/pipe_core.hpp>
#include <bulkhead/remote_error.hpp>

// The answering end of a call lane: heads off requests, heads on replies.
namespace bulkhead::detail {

/// Whose a reply is, as the request said.
struct call_origin {
  std::uint64_t generation = 0;
  std::uint32_t slot = 0;
  std::uint32_t asker = 0;
};

/// Waits for the next request that somebody still waits for. A restart of the asking side is not
/// told: its requests from before have no one to answer to, and their replies are ignored.
/// @errors as pipe_core::take.
/// `over` ends the wait too: then it is no error, and there is no message; `wake_own_receivers` has
/// it looked at. A message that wants no reply has generation 0.
std::error_code take_request(const pipe_core& from, patience how_long, pipe_message& out,
                             call_origin& whose, const std::atomic<bool>* over = nullptr);
void write_reply_head(std::byte* to, const call_origin& whose, bool thrown) noexcept;
/// A reply in memory of ours, its head's place before it.
std::error_code send_reply_copy(const pipe_core& to, std::span<const std::byte> bytes,
                                const std::vector<std::uint64_t>* names, patience how_long);

/// @errors besides those: an endpoint in it could not be opened, and the request is there still.
template <class Request>
std::error_code receive_request(const pipe_core& from, patience how_long, Request& request,
                                call_origin& whose) {
  pipe_message message;
  if (auto ec = take_request(from, how_long, message, whose)) return ec;
  const auto bytes = message.bytes.subspan(call_head_bytes);
  message_endpoints names(from);
  if (!decode_reply(bytes, request, names)) {
    return names.failure() ? names.failure() : from.report_corrupt();
  }
  from.finish(message);
  return {};
}

/// @errors too_large: it can never be sent; as pipe_core::reserve.
template <class T>
std::error_code send_reply(const pipe_core& to, const call_origin& whose, const T& value,
                           bool thrown, patience how_long) {
  const std::size_t size = encoded_size(value);
  if (size >= oversize) return errc::too_large;
  const std::size_t bytes = call_head_bytes + size;
  if (holds_endpoints<T>() || bytes > to.whole_bytes_max()) {
    const auto copy = std::make_unique_for_overwrite<std::byte[]>(bytes);
    write_reply_head(copy.get(), whose, thrown);
    named_endpoints names;
    encoder into(copy.get() + call_head_bytes, &names);
    encode(into, value);
    return send_reply_copy(to, {copy.get(), bytes}, holds_endpoints<T>() ? &names.ids() : nullptr,
                           how_long);
  }
  pipe_place place;
  if (auto ec = to.reserve(bytes, how_long, place)) return ec;
  write_reply_head(place.bytes, whose, thrown);
  encoder into(place.bytes + call_head_bytes);
  encode(into, value);
  return to.publish(place);
}

/// The same for a reply of `size` bytes, which `fill(encoder&)` writes where they are sent from.
template <class Fill>
std::error_code send_reply_with(const pipe_core& to, const call_origin& whose, std::size_t size,
                                Fill&& fill, patience how_long) {
  if (size >= oversize) return errc::too_large;
  const std::size_t bytes = call_head_bytes + size;
  if (bytes > to.whole_bytes_max()) {
    const auto copy = std::make_unique_for_overwrite<std::byte[]>(bytes);
    write_reply_head(copy.get(), whose, false);
    encoder into(copy.get() + call_head_bytes);
    fill(into);
    return send_reply_copy(to, {copy.get(), bytes}, nullptr, how_long);
  }
  pipe_place place;
  if (auto ec = to.reserve(bytes, how_long, place)) return ec;
  write_reply_head(place.bytes, whose, false);
  encoder into(place.bytes + call_head_bytes);
  fill(into);
  return to.publish(place);
}

/// Sends the exception that is being handled.
std::error_code send_exception(const pipe_core& to, const call_origin& whose, patience how_long);
/// Says that there will be no reply.
void break_promise(const pipe_core& to, const call_origin& whose) noexcept;

}  // namespace bulkhead::detail
