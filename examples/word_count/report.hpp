#pragma once

#include "outcome.hpp"

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace word_count {

/// Opens the file that every word goes to, before the work rather than after it.
/// @returns false, after a sentence about it, when it cannot be written; true for no file.
bool open_output(const std::string& path, std::ofstream& file);

/// Writes every word as `count<TAB>word`, the most frequent first, words of one count in byte
/// order.
/// @returns false when the disk does not take it.
bool write_words(const word_counts& words, std::ofstream& file);

/// Prints the table of the `top` most frequent words.
void print_top(const word_counts& words, std::uint32_t top);

/// Prints one line of the table of numbers.
void print_number(const char* name, std::uint64_t number);
/// Prints files, unreadable files by name, and the time.
void print_files(const outcome& sum);
void print_elapsed(const outcome& sum, std::chrono::nanoseconds elapsed);

/// A file's name for people: control characters as \xNN, so that it stays on its line.
std::string printable(std::string_view path);

}  // namespace word_count
