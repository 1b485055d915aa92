<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>Cards</name>
    <message>
        <source>Purpose</source>
        <translation>Zweck</translation>
    </message>
    <message>
        <source>Scales</source>
        <translation>Vergrößerungen</translation>
    </message>
    <message>
        <source>any</source>
        <translation>beliebig</translation>
    </message>
    <message>
        <source>Quality (Set5, PSNR-Y)</source>
        <translation>Güte (Set5, PSNR-Y)</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Multiply-adds (256×256)</source>
        <translation>Rechenschritte (256×256)</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source> (commercial use allowed)</source>
        <translation> (gewerbliche Nutzung erlaubt)</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>about {pace:.1f} s per megapixel here</source>
        <translation>hier etwa {pace:.1f} s je Megapixel</translation>
    </message>
    <message>
        <source>{time:g} × the time of span</source>
        <translation>{time:g}-mal so lange wie span</translation>
    </message>
    <message>
        <source>on this machine</source>
        <translation>auf diesem Rechner</translation>
    </message>
    <message>
        <source>to be downloaded</source>
        <translation>muss geladen werden</translation>
    </message>
    <message>
        <source>cannot be had</source>
        <translation>nicht zu bekommen</translation>
    </message>
    <message>
        <source>By</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>Paper</source>
        <translation>Veröffentlichung</translation>
    </message>
</context>
<context>
    <name>CompareDialog</name>
    <message>
        <source>Compare models</source>
        <translation>Modelle vergleichen</translation>
    </message>
    <message>
        <source>Zoom and place are shared. Choose models above the pictures.</source>
        <translation>Alle Bilder zeigen dieselbe Stelle gleich groß. Die Modelle werden über den Bildern gewählt.</translation>
    </message>
    <message>
        <source>waiting…</source>
        <translation>wartet …</translation>
    </message>
    <message>
        <source>running…</source>
        <translation>läuft …</translation>
    </message>
    <message>
        <source>downloading: {share}</source>
        <translation>wird geladen: {share}</translation>
    </message>
    <message>
        <source>{seconds:.1f} s here</source>
        <translation>{seconds:.1f} s für diese Stelle</translation>
    </message>
    <message>
        <source>, about {time} for the queue</source>
        <translation>, etwa {time} für die ganze Liste</translation>
    </message>
</context>
<context>
    <name>EngineLink</name>
    <message>
        <source>It was stopped.</source>
        <translation>Abgebrochen.</translation>
    </message>
    <message>
        <source>The engine stopped unexpectedly, perhaps for lack of memory; start again to go on from there.</source>
        <translation>Der rechnende Prozess ist unerwartet beendet worden, vielleicht aus Mangel an Speicher; ein neuer Start macht dort weiter.</translation>
    </message>
</context>
<context>
    <name>HistoryDialog</name>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Past jobs</source>
        <translation>Frühere Aufträge</translation>
    </message>
    <message>
        <source>A double click opens the folder of the results.</source>
        <translation>Ein Doppelklick öffnet den Ordner mit den Ergebnissen.</translation>
    </message>
    <message>
        <source>No job has run yet.</source>
        <translation>Bisher ist kein Auftrag gelaufen.</translation>
    </message>
    <message>
        <source>Enlarge again</source>
        <translation>Noch einmal vergrößern</translation>
    </message>
    <message>
        <source>Put the files of this job into the queue, for the settings chosen now</source>
        <translation>Die Dateien dieses Auftrags in die Liste nehmen, für die jetzt gewählten Einstellungen</translation>
    </message>
</context>
<context>
    <name>Images</name>
    <message>
        <source>{name} is a film or an animation; these are enlarged without a preview.</source>
        <translation>{name} ist ein Film oder eine Animation; diese werden ohne Vorschau vergrößert.</translation>
    </message>
    <message>
        <source>{name} is too large to be shown here; it can be enlarged all the same.</source>
        <translation>{name} ist zu groß, um hier gezeigt zu werden; vergrößert werden kann es trotzdem.</translation>
    </message>
</context>
<context>
    <name>JobController</name>
    <message>
        <source>Looking at the files…</source>
        <translation>Die Dateien werden angesehen …</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Stopping after this tile…</source>
        <translation>Wird nach dieser Kachel beendet …</translation>
    </message>
    <message>
        <source>Loading the model…</source>
        <translation>Das Modell wird geladen …</translation>
    </message>
    <message>
        <source>Downloading {name}: {share}</source>
        <translation>{name} wird heruntergeladen: {share}</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Queue</source>
        <translation>Liste</translation>
    </message>
    <message>
        <source>Drop pictures, films or folders here

or paste a picture, or press Ctrl+O to open files</source>
        <translation>Bilder, Filme oder Ordner hier ablegen

oder ein Bild einfügen, oder mit Strg+O Dateien öffnen</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Start</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>Vorschau</translation>
    </message>
    <message>
        <source>Progress of the whole queue</source>
        <translation>Fortschritt der ganzen Liste</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>Einpassen</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Open files…</source>
        <translation>Dateien ö&amp;ffnen …</translation>
    </message>
    <message>
        <source>Open &amp;folder…</source>
        <translation>&amp;Ordner öffnen …</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Start</translation>
    </message>
    <message>
        <source>&amp;History…</source>
        <translation>&amp;Verlauf …</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>Enlarge what is in view, before the run</source>
        <translation>Den sichtbaren Ausschnitt vorab vergrößern</translation>
    </message>
    <message>
        <source>Compare…</source>
        <translation>Vergleichen …</translation>
    </message>
    <message>
        <source>Up to four models on what is in view</source>
        <translation>Bis zu vier Modelle am sichtbaren Ausschnitt</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Pa&amp;use or resume</source>
        <translation>&amp;Anhalten oder fortsetzen</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>Abbre&amp;chen</translation>
    </message>
    <message>
        <source>&amp;Paste picture or files</source>
        <translation>Bild oder Dateien &amp;einfügen</translation>
    </message>
    <message>
        <source>&amp;Try again</source>
        <translation>E&amp;rneut versuchen</translation>
    </message>
    <message>
        <source>&amp;Enlarge again</source>
        <translation>&amp;Noch einmal vergrößern</translation>
    </message>
    <message>
        <source>&amp;Show in folder</source>
        <translation>Im &amp;Ordner zeigen</translation>
    </message>
    <message>
        <source>&amp;Remove from queue</source>
        <translation>Aus der &amp;Liste nehmen</translation>
    </message>
    <message>
        <source>Clear &amp;finished</source>
        <translation>&amp;Fertige aus der Liste nehmen</translation>
    </message>
    <message>
        <source>&amp;Preview what is in view</source>
        <translation>&amp;Vorschau des Ausschnitts</translation>
    </message>
    <message>
        <source>&amp;Compare models…</source>
        <translation>&amp;Modelle vergleichen …</translation>
    </message>
    <message>
        <source>&amp;Fit</source>
        <translation>&amp;Einpassen</translation>
    </message>
    <message>
        <source>&amp;100 %</source>
        <translation>&amp;100 %</translation>
    </message>
    <message>
        <source>&amp;200 %</source>
        <translation>&amp;200 %</translation>
    </message>
    <message>
        <source>&amp;Larger</source>
        <translation>&amp;Größer</translation>
    </message>
    <message>
        <source>S&amp;maller</source>
        <translation>&amp;Kleiner</translation>
    </message>
    <message>
        <source>Slider to the l&amp;eft</source>
        <translation>Regler nach &amp;links</translation>
    </message>
    <message>
        <source>Slider to the &amp;right</source>
        <translation>Regler nach &amp;rechts</translation>
    </message>
    <message>
        <source>Preview &amp;by itself</source>
        <translation>Vorschau von &amp;selbst</translation>
    </message>
    <message>
        <source>&amp;Notify when the job has ended</source>
        <translation>&amp;Hinweis am Ende des Auftrags</translation>
    </message>
    <message>
        <source>&amp;Copy a report of the last job</source>
        <translation>&amp;Bericht über den letzten Auftrag kopieren</translation>
    </message>
    <message>
        <source>There was no picture or film in what you gave.</source>
        <translation>Darin war weder ein Bild noch ein Film.</translation>
    </message>
    <message>
        <source>{count} more: they follow when these are done.</source>
        <translation>{count} dazu: Sie folgen, sobald diese fertig sind.</translation>
    </message>
    <message>
        <source>Only files and pictures can be dropped here.</source>
        <translation>Nur Dateien und Bilder können hier abgelegt werden.</translation>
    </message>
    <message>
        <source>Open files</source>
        <translation>Dateien öffnen</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
    <message>
        <source>What the running job will do stays in the queue until it has ended.</source>
        <translation>Was zum laufenden Auftrag gehört, bleibt bis zu dessen Ende in der Liste.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Enlarge again</source>
        <translation>Noch einmal vergrößern</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>Im Ordner zeigen</translation>
    </message>
    <message>
        <source>Remove from queue</source>
        <translation>Aus der Liste nehmen</translation>
    </message>
    <message>
        <source>None of these files is there to be enlarged again.</source>
        <translation>Keine dieser Dateien ist noch da.</translation>
    </message>
    <message>
        <source>Again in the queue: {count}. Their old results will be replaced.</source>
        <translation>Wieder in der Liste: {count}. Die alten Ergebnisse werden ersetzt.</translation>
    </message>
    <message>
        <source>Again in the queue: {count}. Their old results are kept, and the new ones written beside them.</source>
        <translation>Wieder in der Liste: {count}. Die alten Ergebnisse bleiben, die neuen kommen daneben.</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>noch {time}</translation>
    </message>
    <message>
        <source>The report is in the clipboard; it names no files.</source>
        <translation>Der Bericht liegt in der Zwischenablage; er nennt keine Dateien.</translation>
    </message>
    <message>
        <source>Still working</source>
        <translation>Noch bei der Arbeit</translation>
    </message>
    <message>
        <source>Stop the work and close? Finished files stay; the same files dropped again go on from there.</source>
        <translation>Arbeit abbrechen und schließen? Fertige Dateien bleiben; wer dieselben Dateien wieder ablegt, macht dort weiter.</translation>
    </message>
</context>
<context>
    <name>ModelDialog</name>
    <message>
        <source>Choose a model</source>
        <translation>Modell wählen</translation>
    </message>
    <message>
        <source>Search name, purpose or licence</source>
        <translation>Name, Zweck oder Lizenz suchen</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Card of the model</source>
        <translation>Karte des Modells</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>Automatic: the best for the scale and your preference</source>
        <translation>Automatisch: das beste für Vergrößerung und Vorliebe</translation>
    </message>
    <message>
        <source>The program takes the best model for the scale, and says which and why.</source>
        <translation>Das Programm nimmt das beste Modell für die Vergrößerung und sagt, welches und warum.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>{name} is here.</source>
        <translation>{name} ist da.</translation>
    </message>
</context>
<context>
    <name>Pane</name>
    <message>
        <source>(none)</source>
        <translation>(keines)</translation>
    </message>
    <message>
        <source>{name} (to be downloaded)</source>
        <translation>{name} (muss geladen werden)</translation>
    </message>
    <message>
        <source>Model {number}</source>
        <translation>Modell {number}</translation>
    </message>
    <message>
        <source>Use this one</source>
        <translation>Dieses nehmen</translation>
    </message>
</context>
<context>
    <name>PlanController</name>
    <message>
        <source>Downloading {name}: {share}</source>
        <translation>{name} wird heruntergeladen: {share}</translation>
    </message>
</context>
<context>
    <name>PreviewController</name>
    <message>
        <source>Before and after are shown here</source>
        <translation>Hier erscheint das Bild vorher und nachher</translation>
    </message>
    <message>
        <source>Enlarging what is in view…</source>
        <translation>Der sichtbare Ausschnitt wird vergrößert …</translation>
    </message>
    <message>
        <source>Downloading {name}: {share}</source>
        <translation>{name} wird heruntergeladen: {share}</translation>
    </message>
    <message>
        <source>Preview by {model}: {seconds:.1f} s</source>
        <translation>Vorschau mit {model}: {seconds:.1f} s</translation>
    </message>
</context>
<context>
    <name>Queue</name>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>skipped</source>
        <translation>übersprungen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>misslungen</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>preparing</source>
        <translation>Vorbereitung</translation>
    </message>
    <message>
        <source>writing</source>
        <translation>wird gesichert</translation>
    </message>
    <message>
        <source>frame {done} of {total}</source>
        <translation>Einzelbild {done} von {total}</translation>
    </message>
    <message>
        <source>tile {done} of {total}</source>
        <translation>Kachel {done} von {total}</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Stand</translation>
    </message>
</context>
<context>
    <name>SettingsPanel</name>
    <message>
        <source>Commercial use allowed only</source>
        <translation>Nur für gewerbliche Nutzung</translation>
    </message>
    <message>
        <source>Lose nothing</source>
        <translation>Ohne Verlust</translation>
    </message>
    <message>
        <source>Leave out metadata</source>
        <translation>Metadaten weglassen</translation>
    </message>
    <message>
        <source>Exact tiles for every network (slower)</source>
        <translation>Immer exakte Kacheln (langsamer)</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Little arithmetic</source>
        <translation>Wenig Rechenaufwand</translation>
    </message>
    <message>
        <source>Little memory</source>
        <translation>Wenig Speicher</translation>
    </message>
    <message>
        <source>Times larger</source>
        <translation>So viel Mal größer</translation>
    </message>
    <message>
        <source>Width in pixels</source>
        <translation>Breite in Pixeln</translation>
    </message>
    <message>
        <source>Height in pixels</source>
        <translation>Höhe in Pixeln</translation>
    </message>
    <message>
        <source>Longer side in pixels</source>
        <translation>Längere Seite in Pixeln</translation>
    </message>
    <message>
        <source>Megapixels</source>
        <translation>Megapixel</translation>
    </message>
    <message>
        <source>As the input</source>
        <translation>Wie die Vorlage</translation>
    </message>
    <message>
        <source>95 or visually lossless</source>
        <translation>95 oder sichtbar ohne Verlust</translation>
    </message>
    <message>
        <source>Keep; skip what is done</source>
        <translation>Behalten, Fertiges auslassen</translation>
    </message>
    <message>
        <source>Keep; write beside them</source>
        <translation>Behalten, daneben schreiben</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>“upscaled” beside the inputs</source>
        <translation>„upscaled“ bei den Vorlagen</translation>
    </message>
    <message>
        <source>May hold {stem}, {scale}, {model}, {n} and {parent}</source>
        <translation>Darf {stem}, {scale}, {model}, {n} und {parent} enthalten</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Make it</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Choose folder</source>
        <translation>Ordner wählen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Existing</source>
        <translation>Vorhandene</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>Erweitert</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>Tile</source>
        <translation>Kachel</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>Sichern …</translation>
    </message>
    <message>
        <source>Save as preset</source>
        <translation>Als Vorgabe sichern</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Vorgaben</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>Modell wählen</translation>
    </message>
    <message>
        <source>Automatic by</source>
        <translation>Automatisch nach</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen …</translation>
    </message>
    <message>
        <source>Name:</source>
        <translation>Name:</translation>
    </message>
    <message>
        <source>Output folder</source>
        <translation>Ausgabeordner</translation>
    </message>
</context>
<context>
    <name>Summary</name>
    <message>
        <source>Nothing to do: see the rows</source>
        <translation>Nichts zu tun: siehe Liste</translation>
    </message>
    <message>
        <source>1 file</source>
        <translation>1 Datei</translation>
    </message>
    <message>
        <source>{count} files</source>
        <translation>{count} Dateien</translation>
    </message>
    <message>
        <source>{count} megapixels in all</source>
        <translation>zusammen {count} Megapixel</translation>
    </message>
    <message>
        <source>{count} done</source>
        <translation>{count} fertig</translation>
    </message>
    <message>
        <source>{count} skipped</source>
        <translation>{count} übersprungen</translation>
    </message>
    <message>
        <source>{count} failed</source>
        <translation>{count} misslungen</translation>
    </message>
    <message>
        <source>in {time}</source>
        <translation>in {time}</translation>
    </message>
    <message>
        <source>about {time}</source>
        <translation>etwa {time}</translation>
    </message>
</context>
<context>
    <name>Viewer</name>
    <message>
        <source>Picture before and after</source>
        <translation>Bild vorher und nachher</translation>
    </message>
    <message>
        <source>zoom {zoom:.0%}, slider at {split:.0%}</source>
        <translation>Zoom {zoom:.0%}, Regler bei {split:.0%}</translation>
    </message>
    <message>
        <source>before</source>
        <translation>vorher</translation>
    </message>
    <message>
        <source>after</source>
        <translation>nachher</translation>
    </message>
</context>
</TS>
