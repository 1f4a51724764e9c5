#pragma once

#include <bulkhead/detail/in_place.hpp>
#include <bulkhead/detail/message_io.hpp>
#include <bulkhead/detail/pipe_core.hpp>
#include <memory>
#include <span>
#include <system_error>

// The way of a message into and out of a pipe, where the fast path has not done it.
namespace bulkhead::detail {

/// By way of a copy: beside the request to the keeper it costs nothing, and no place is held while
/// the endpoints' names are collected.
template <class T>
std::error_code send_naming(const pipe_core& to, const T& value, std::size_t size,
                            patience how_long) {
  const auto bytes = std::make_unique_for_overwrite<std::byte[]>(size);
  named_endpoints names;
  encoder into(bytes.get(), &names);
  encode(into, value);
  return to.send_naming({bytes.get(), size}, names.ids(), how_long);
}

/// The elements of a string or vector go from where they are, others from a copy of their bytes.
template <class T>
std::error_code send_pieces(const pipe_core& to, const T& value, std::size_t size,
                            patience how_long) {
  using layout = in_place<T>;
  if constexpr (layout::head_bytes != 0 && layout::possible) {
    const auto count = static_cast<std::uint32_t>(value.size());
    const std::span<const typename layout::element> elements(value.data(), value.size());
    return to.send_pieces(std::as_bytes(std::span(&count, 1)), std::as_bytes(elements), how_long);
  } else {
    const auto bytes = std::make_unique_for_overwrite<std::byte[]>(size);
    encoder into(bytes.get());
    encode(into, value);
    return to.send_pieces({}, {bytes.get(), size}, how_long);
  }
}

template <class T>
std::error_code send_slowly(const pipe_core& to, const T& value, patience how_long) {
  const std::size_t size = encoded_size(value);
  if constexpr (!is_slotted<T>) {
    if (size >= oversize) return errc::too_large;
    if constexpr (holds_endpoints<T>()) return send_naming(to, value, size, how_long);
    if (size > to.whole_bytes_max()) return send_pieces(to, value, size, how_long);
  }
  pipe_place place;
  if (auto ec = to.reserve(size, how_long, place)) return ec;
  encoder into(place.bytes);
  encode(into, value);
  return to.publish(place);
}

/// @limits tell_restart: as for pipe_core::take.
/// @errors besides take's: an endpoint could not be opened, and the message is there still.
template <class T>
std::error_code receive_slowly(const pipe_core& from, T& value, patience how_long,
                               bool tell_restart) {
  pipe_message message;
  if (auto ec = from.take(how_long, message, tell_restart)) return ec;
  std::span<const std::byte> bytes = message.bytes;
  if constexpr (is_slotted<T>) bytes = bytes.first(fixed_size_of<T>);
  if constexpr (holds_endpoints<T>()) {
    message_endpoints names(from);
    const bool is_whole = decode_all(bytes, value, &names);
    if (!is_whole && names.failure()) return names.failure();
    if (!is_whole) return from.report_corrupt();
  } else if (!decode_all(bytes, value)) {
    return from.report_corrupt();
  }
  from.finish(message);
  return {};
}

}  // namespace bulkhead::detail
