using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;

namespace LlmReasoning.Torch.Training;

/// <summary>Scalars for TensorBoard: a folder of event files, one for each start of the run.</summary>
/// <remarks>
/// A file is a row of records: length (8 bytes), masked CRC-32C of the length, data, masked CRC-32C of the data, all little endian; the data are an Event of
/// tensorboard/compat/proto/event.proto. The field numbers below are those of event.proto and summary.proto.
/// </remarks>
internal sealed class EventFile
{
    private const string Pattern = "events.out.tfevents.*";
    private const int HeaderBytes = 12;
    private const int FooterBytes = 4;

    private readonly string _folder;
    private readonly int _lastStep;
    private string? _path;

    /// <param name="folder">Made with the first scalar.</param>
    /// <param name="lastStep">What earlier starts wrote of later steps is removed; 0 = all of it.</param>
    public EventFile(string folder, int lastStep)
    {
        (_folder, _lastStep) = (folder, lastStep);
        if (!Directory.Exists(folder)) { return; }
        foreach (var path in Directory.GetFiles(folder, Pattern))
        {
            if (lastStep == 0) { File.Delete(path); }
            else { Cut(path, lastStep); }
        }
    }

    /// <summary>Appends the scalars of one step.</summary>
    public void Write(long step, IEnumerable<(string Tag, double Value)> scalars)
    {
        var now = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        using var stream = new FileStream(_path ??= NewPath(now), FileMode.Append, FileAccess.Write, FileShare.Read);
        if (stream.Length == 0)
        {
            WriteRecord(stream, FileVersion(now, "llm-reasoning"));
            // A TensorBoard that has read on in the file of a killed run forgets what comes after the checkpoint.
            if (_lastStep > 0) { WriteRecord(stream, SessionStart(now, _lastStep + 1)); }
        }
        WriteRecord(stream, Scalars(now, step, scalars));
    }

    private string NewPath(double now)
    {
        Directory.CreateDirectory(_folder);
        return Path.Combine(_folder, $"events.out.tfevents.{(long)now:D10}.{Environment.MachineName}.{Environment.ProcessId}.{Directory.GetFiles(_folder, Pattern).Length}");
    }

    /// <summary>The first event of a file.</summary>
    internal static byte[] FileVersion(double wallTime, string writer) => Message(output =>
    {
        WriteTimeAndStep(output, wallTime, 0);
        output.WriteTag(3, WireFormat.WireType.LengthDelimited);
        output.WriteString("brain.Event:2");
        WriteMessage(output, 10, source =>                                      // source_metadata
        {
            source.WriteTag(1, WireFormat.WireType.LengthDelimited);
            source.WriteString(writer);
        });
    });

    /// <summary>An event with simple values; NaN and infinity are values like others.</summary>
    internal static byte[] Scalars(double wallTime, long step, IEnumerable<(string Tag, double Value)> scalars) => Message(output =>
    {
        WriteTimeAndStep(output, wallTime, step);
        WriteMessage(output, 5, summary =>
        {
            foreach (var (tag, value) in scalars)
            {
                WriteMessage(summary, 1, scalar =>
                {
                    scalar.WriteTag(1, WireFormat.WireType.LengthDelimited);
                    scalar.WriteString(tag);
                    scalar.WriteTag(2, WireFormat.WireType.Fixed32);
                    scalar.WriteFloat((float)value);
                });
            }
        });
    });

    private static byte[] SessionStart(double wallTime, long step) => Message(output =>
    {
        WriteTimeAndStep(output, wallTime, step);
        WriteMessage(output, 7, session =>
        {
            session.WriteTag(1, WireFormat.WireType.Varint);
            session.WriteEnum(1);                                               // START
        });
    });

    internal static void WriteRecord(Stream stream, byte[] data)
    {
        var record = new byte[HeaderBytes + data.Length + FooterBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record, HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(HeaderBytes + data.Length), MaskedCrc(data));
        stream.Write(record);                                                   // at once: a kill tears one record at most
    }

    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data) { crc = BitOperations.Crc32C(crc, value); }
        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
    }

    /// <summary>Cuts a file before its first event of a later step, and before a record that is torn.</summary>
    internal static void Cut(string path, int lastStep)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        var end = 0L;
        while (ReadRecord(stream) is { } data && StepOf(data) <= lastStep) { end = stream.Position; }
        if (end < stream.Length) { stream.SetLength(end); }
    }

    private static byte[]? ReadRecord(Stream stream)
    {
        var header = new byte[HeaderBytes];
        if (stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes) { return null; }
        var length = BinaryPrimitives.ReadInt64LittleEndian(header);
        if (length < 0 || length > stream.Length - stream.Position - FooterBytes) { return null; }
        var data = new byte[length + FooterBytes];
        stream.ReadExactly(data);
        return BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan((int)length)) == MaskedCrc(data.AsSpan(0, (int)length)) ? data[..(int)length] : null;
    }

    private static long StepOf(byte[] data)
    {
        try
        {
            using var input = new CodedInputStream(data);
            while (input.ReadTag() is not 0 and var tag)
            {
                if (WireFormat.GetTagFieldNumber(tag) == 2) { return input.ReadInt64(); }
                input.SkipLastField();
            }
            return 0;                                                           // not written where it is 0
        }
        catch (InvalidProtocolBufferException)
        {
            return long.MaxValue;
        }
    }

    private static void WriteTimeAndStep(CodedOutputStream output, double wallTime, long step)
    {
        output.WriteTag(1, WireFormat.WireType.Fixed64);
        output.WriteDouble(wallTime);
        if (step == 0) { return; }
        output.WriteTag(2, WireFormat.WireType.Varint);
        output.WriteInt64(step);
    }

    private static void WriteMessage(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(Message(write)));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true)) { write(output); }
        return bytes.ToArray();
    }
}
